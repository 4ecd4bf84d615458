use super::*;
use std::collections::HashSet;

/// The catalogue is a promise to clients: a line may be added, never changed or removed.
#[test]
fn the_catalogue_is_the_committed_one() {
    let line = |code: &Code| format!("{} {} {}\n", code.status().as_u16(), code.as_str(), code.title());
    let catalogue: String = Code::ALL.iter().map(line).collect();
    let committed = include_str!("catalogue.txt");
    assert!(catalogue == committed, "src/problem/catalogue.txt should be:\n{catalogue}");
}

#[test]
fn every_code_is_found_by_its_name_and_none_twice() {
    let names: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(names.len(), Code::ALL.len());
    assert!(Code::ALL.iter().all(|code| Code::from_name(code.as_str()) == Some(*code)));
}

#[test]
fn the_document_is_that_of_rfc_9457() {
    let problem = Problem::permission_missing(Permission::OrderAccept);
    let expected = concat!(
        r#"{"type":"urn:arisgourmet:problem:permission-missing","title":"The token does not allow this","#,
        r#""status":403,"detail":"the token does not allow order:accept","instance":"c-1","#,
        r#""code":"permission-missing","permission":"order:accept"}"#
    );
    assert_eq!(problem.to_bytes("c-1"), expected);
}

#[test]
fn fields_are_pointed_at() {
    let problem = Problem::invalid_field("/lines/0/quantity", "must be 1 to 999").error("/note", "too long");
    let document: Value = serde_json::from_slice(&problem.to_bytes("")).unwrap();
    assert_eq!(
        document["errors"][0],
        serde_json::json!({"pointer": "/lines/0/quantity", "detail": "must be 1 to 999"})
    );
    assert_eq!(document["errors"][1]["pointer"], "/note");
}

#[test]
fn every_429_and_503_says_when_to_try_again_and_every_401_how_to_authenticate() {
    for code in Code::ALL {
        let response = Problem::new(*code).into_response();
        assert_eq!(response.headers()[header::CONTENT_TYPE], MEDIA_TYPE);
        assert_eq!(
            response.headers().contains_key(header::RETRY_AFTER),
            matches!(code.status().as_u16(), 429 | 503),
            "{code:?}"
        );
        assert_eq!(response.headers().contains_key(header::WWW_AUTHENTICATE), code.status() == 401, "{code:?}");
    }
}
