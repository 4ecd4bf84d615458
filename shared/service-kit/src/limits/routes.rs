//! Which route is counted how, in one table. A test of the whole document fails for a route that is
//! not in it; at run time such a route is counted like one that is not there.

use http::Method;

/// How requests of a route are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Asks something, with a token.
    Read,
    /// Does something, with a token.
    Command,
    /// Opens a socket; its token comes later.
    Socket,
    /// Anybody may ask.
    Open,
    /// Asked by whoever runs the process, from inside; never counted, so that no flood makes a process
    /// look ill.
    Probe,
}

use Class::{Command, Open, Probe, Read, Socket};

/// Every route there is, sorted by path; `GET` means `HEAD`, too. Those that take the pass of a guest are open: a
/// pass is no token, and a dining room shares an address.
pub const ROUTES: &[(&str, &str, Class)] = &[
    ("GET", "/", Open),
    ("GET", "/.well-known/jwks.json", Open),
    ("GET", "/docs", Open),
    ("GET", "/docs/", Open),
    ("GET", "/docs/{*rest}", Open),
    ("GET", "/livez", Probe),
    ("GET", "/metrics", Probe),
    ("GET", "/openapi.json", Open),
    ("GET", "/readyz", Probe),
    ("GET", "/startupz", Probe),
    ("GET", "/v1/api-keys", Read),
    ("POST", "/v1/api-keys", Command),
    ("POST", "/v1/api-keys/{key}/revoke", Command),
    ("GET", "/v1/audit/actions", Read),
    ("GET", "/v1/auth/devices", Read),
    ("POST", "/v1/auth/guest-token", Open),
    ("POST", "/v1/auth/invitations/accept", Open),
    ("POST", "/v1/auth/key-token", Open),
    ("GET", "/v1/auth/linked-providers", Read),
    ("POST", "/v1/auth/linked-providers/{provider}/remove", Command),
    ("POST", "/v1/auth/login", Open),
    ("POST", "/v1/auth/logout", Command),
    ("POST", "/v1/auth/logout-all", Command),
    ("GET", "/v1/auth/me", Read),
    ("GET", "/v1/auth/oidc", Open),
    ("POST", "/v1/auth/oidc/{provider}/finish", Open),
    ("POST", "/v1/auth/oidc/{provider}/start", Open),
    ("POST", "/v1/auth/password/change", Command),
    ("POST", "/v1/auth/password/forgot", Open),
    ("POST", "/v1/auth/password/reset", Open),
    ("POST", "/v1/auth/refresh", Open),
    ("GET", "/v1/realtime", Socket),
    ("GET", "/v1/restaurant-groups", Read),
    ("POST", "/v1/restaurant-groups", Command),
    ("POST", "/v1/restaurant-groups/{group}/rename", Command),
    ("POST", "/v1/restaurant-groups/{group}/restaurants", Command),
    ("POST", "/v1/restaurant-groups/{group}/restaurants/{restaurant}/remove", Command),
    ("GET", "/v1/restaurants", Read),
    ("POST", "/v1/restaurants", Command),
    ("GET", "/v1/restaurants/{restaurant}", Read),
    ("GET", "/v1/restaurants/{restaurant}/events", Read),
    ("GET", "/v1/restaurants/{restaurant}/join-requests", Read),
    ("GET", "/v1/restaurants/{restaurant}/kitchen-board", Read),
    ("GET", "/v1/restaurants/{restaurant}/menu", Read),
    ("POST", "/v1/restaurants/{restaurant}/menu/items", Command),
    ("POST", "/v1/restaurants/{restaurant}/menu/items/{item}/restore", Command),
    ("POST", "/v1/restaurants/{restaurant}/menu/items/{item}/withdraw", Command),
    ("GET", "/v1/restaurants/{restaurant}/orders", Read),
    ("POST", "/v1/restaurants/{restaurant}/orders", Command),
    ("GET", "/v1/restaurants/{restaurant}/orders/{order}", Read),
    ("POST", "/v1/restaurants/{restaurant}/orders/{order}/accept", Command),
    ("POST", "/v1/restaurants/{restaurant}/orders/{order}/cancel", Command),
    ("GET", "/v1/restaurants/{restaurant}/orders/{order}/history", Read),
    ("POST", "/v1/restaurants/{restaurant}/orders/{order}/lines/{line}/ready", Command),
    ("POST", "/v1/restaurants/{restaurant}/orders/{order}/lines/{line}/served", Command),
    ("POST", "/v1/restaurants/{restaurant}/orders/{order}/lines/{line}/start", Command),
    ("POST", "/v1/restaurants/{restaurant}/orders/{order}/reject", Command),
    ("GET", "/v1/restaurants/{restaurant}/sessions/{session}", Read),
    ("POST", "/v1/restaurants/{restaurant}/sessions/{session}/close", Command),
    ("GET", "/v1/restaurants/{restaurant}/sessions/{session}/code", Read),
    ("POST", "/v1/restaurants/{restaurant}/sessions/{session}/code/rotate", Command),
    ("POST", "/v1/restaurants/{restaurant}/sessions/{session}/join", Open),
    ("POST", "/v1/restaurants/{restaurant}/sessions/{session}/join-requests/decline", Command),
    ("GET", "/v1/restaurants/{restaurant}/sessions/{session}/join-requests/{diner}", Open),
    ("POST", "/v1/restaurants/{restaurant}/sessions/{session}/join-requests/{diner}/approve", Command),
    ("POST", "/v1/restaurants/{restaurant}/sessions/{session}/join-requests/{diner}/decline", Command),
    ("POST", "/v1/restaurants/{restaurant}/sessions/{session}/leave", Command),
    ("GET", "/v1/restaurants/{restaurant}/tables/{table}/code", Read),
    ("GET", "/v1/restaurants/{restaurant}/tables/{table}/code.svg", Read),
    ("POST", "/v1/restaurants/{restaurant}/tables/{table}/code/reissue", Command),
    ("POST", "/v1/restaurants/{restaurant}/tables/{table}/sessions", Command),
    ("GET", "/v1/roles", Read),
    ("POST", "/v1/roles", Command),
    ("POST", "/v1/roles/{role}/change", Command),
    ("POST", "/v1/roles/{role}/retire", Command),
    ("GET", "/v1/staff", Read),
    ("POST", "/v1/staff", Command),
    ("POST", "/v1/staff/{member}/deactivate", Command),
    ("POST", "/v1/staff/{member}/forget", Command),
    ("POST", "/v1/staff/{member}/invitation", Command),
    ("POST", "/v1/staff/{member}/reactivate", Command),
    ("POST", "/v1/staff/{member}/roles", Command),
    ("POST", "/v1/table-codes/{code}/join-requests", Open),
    ("GET", "/v1/tenant", Read),
    ("POST", "/v1/tenants", Open),
];

/// How a request of this route is counted; `None` for what is not in the table.
#[must_use]
pub fn class_of(method: &Method, path: &str) -> Option<Class> {
    let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
    let first = ROUTES.partition_point(|(_, it, _)| *it < path);
    let of_path = ROUTES[first..].iter().take_while(|(_, it, _)| *it == path);
    of_path.into_iter().find(|(it, ..)| *it == method).map(|(.., class)| *class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_no_route_twice() {
        let sorted = ROUTES.windows(2).all(|pair| (pair[0].1, pair[0].0) < (pair[1].1, pair[1].0));
        assert!(sorted, "sort the table by path, then by method");
    }

    #[test]
    fn every_row_is_found_and_nothing_else() {
        for (method, path, class) in ROUTES {
            assert_eq!(class_of(&method.parse().unwrap(), path), Some(*class), "{method} {path}");
        }
        assert_eq!(class_of(&Method::HEAD, "/livez"), Some(Probe));
        assert_eq!(class_of(&Method::POST, "/livez"), None);
        assert_eq!(class_of(&Method::GET, "/v1"), None);
    }
}
