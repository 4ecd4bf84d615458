//! Addresses that name several servers: `mysql://user:password@a:3306,b:3306,c:3306/schema`.

use std::collections::BTreeSet;

/// Servers that an address may list: a group of MySQL has no more members.
const SERVERS_MAX: usize = 9;

/// One address for each server that this one lists; itself when it lists one.
///
/// # Errors
/// When the list is too long, has a gap, or names a server twice.
pub(super) fn each(url: &str) -> Result<Vec<String>, sqlx::Error> {
    let (before, hosts, after) = split(url);
    let hosts: Vec<&str> = hosts.split(',').map(str::trim).collect();
    if hosts.len() == 1 {
        return Ok(vec![url.to_owned()]);
    }
    if hosts.len() > SERVERS_MAX {
        return Err(wrong(format!("an address lists {} servers; {SERVERS_MAX} are the most", hosts.len())));
    }
    if hosts.iter().any(|host| host.is_empty()) {
        return Err(wrong("an address lists a server without a name".to_owned()));
    }
    // Each server has one voice when they are asked who the primary is.
    if hosts.iter().collect::<BTreeSet<_>>().len() < hosts.len() {
        return Err(wrong("an address lists a server twice".to_owned()));
    }
    Ok(hosts.iter().map(|host| format!("{before}{host}{after}")).collect())
}

/// What stands before the servers, the servers, and what stands after them. A password may hold a comma.
fn split(url: &str) -> (&str, &str, &str) {
    let start = url.find("://").map_or(0, |at| at + "://".len());
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    let hosts = url[start..end].rfind('@').map_or(start, |at| start + at + 1);
    (&url[..hosts], &url[hosts..end], &url[end..])
}

fn wrong(what: String) -> sqlx::Error {
    sqlx::Error::Configuration(what.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_server_is_left_as_it_is() {
        for url in ["mysql://u:a,b@h:3306/s", "mysql://h", "mysql://u@h/s?socket=/a,b", "nonsense"] {
            assert_eq!(each(url).unwrap(), [url]);
        }
    }

    #[test]
    fn a_list_gives_one_address_for_each_server() {
        let expected = ["mysql://u:p,w@a:1/s?x=1", "mysql://u:p,w@b/s?x=1", "mysql://u:p,w@[::1]:3/s?x=1"];
        assert_eq!(each("mysql://u:p,w@a:1, b,[::1]:3/s?x=1").unwrap(), expected);
        assert_eq!(each("mysql://a:1,b:2").unwrap(), ["mysql://a:1", "mysql://b:2"]);
    }

    #[test]
    fn a_list_with_a_gap_a_repeat_or_too_many_is_refused() {
        let ten = (0..10).map(|n| format!("h{n}")).collect::<Vec<_>>().join(",");
        for hosts in ["a,,b", "a,", "a:1,b:1,a:1", &ten] {
            assert!(each(&format!("mysql://u@{hosts}/s")).is_err(), "{hosts}");
        }
    }
}
