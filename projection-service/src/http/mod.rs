//! Every query, in one table.

mod actions;
mod history;
mod kitchen_board;
mod orders;
mod params;
mod restaurants;
mod staff;
mod state;
mod tenants;

pub(crate) use state::AppState;

use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this service and their part of the document.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(restaurants::get_restaurant))
        .routes(routes!(restaurants::get_menu))
        .routes(routes!(restaurants::get_session))
        .routes(routes!(restaurants::list_join_requests))
        .routes(routes!(kitchen_board::get_kitchen_board))
        .routes(routes!(orders::list_orders))
        .routes(routes!(orders::get_order))
        .routes(routes!(history::get_order_history))
        .routes(routes!(tenants::get_tenant))
        .routes(routes!(tenants::list_restaurants))
        .routes(routes!(tenants::list_restaurant_groups))
        .routes(routes!(staff::list_staff))
        .routes(routes!(staff::list_roles))
        .routes(routes!(staff::list_api_keys))
        .routes(routes!(actions::list_actions))
}

/// The part of the document.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    let mut api = router().into_openapi();
    service_kit::openapi::complete(&mut api);
    api
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_document_names_every_query_of_the_contract() {
        let api = super::openapi();
        let paths: Vec<&str> = api.paths.paths.keys().map(String::as_str).collect();
        let orders = ["/orders", "/orders/{order}", "/orders/{order}/history"];
        for path in ["", "/menu", "/sessions/{session}", "/join-requests", "/kitchen-board"].into_iter().chain(orders) {
            let path = format!("/v1/restaurants/{{restaurant}}{path}");
            assert!(paths.contains(&path.as_str()), "{path} is not in {paths:?}");
        }
        for path in ["tenant", "restaurants", "restaurant-groups", "staff", "roles", "api-keys", "audit/actions"] {
            assert!(paths.contains(&format!("/v1/{path}").as_str()), "{path} is not in {paths:?}");
        }
        assert_eq!(paths.len(), 15);
    }

    #[test]
    fn every_query_says_that_it_may_be_behind_and_who_may_ask() {
        for (path, item) in super::openapi().paths.paths {
            // What belongs to no single restaurant is read from the events, and is the tenant's of the token.
            if !path.contains("{restaurant}") {
                continue;
            }
            let operation = item.get.unwrap();
            // The history is read from the events, which are never behind.
            let behind = if path.ends_with("/history") { "403" } else { "409" };
            for status in ["200", "401", "404", behind, "429", "503"] {
                assert!(operation.responses.responses.contains_key(status), "{path} does not tell of {status}");
            }
            assert!(operation.operation_id.is_some() && operation.summary.is_some(), "{path}");
        }
    }
}
