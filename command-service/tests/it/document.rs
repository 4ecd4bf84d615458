//! The OpenAPI document tells the whole truth.

use serde_json::Value;
use service_kit::problem::Code;

/// The commands; what can be read besides is looked at by the other services' ways.
fn operations() -> Vec<(String, Value)> {
    let document = serde_json::to_value(command_service::openapi()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap().clone();
    let commands = paths.into_iter().map(|(path, item)| (path, item["post"].clone()));
    commands.filter(|(_, operation)| !operation.is_null()).collect()
}

#[test]
fn every_command_of_the_contract_is_there() {
    assert_eq!(operations().len(), 37);
}

#[test]
fn every_operation_has_words_a_permission_its_answers_and_its_problems() {
    for (path, operation) in operations() {
        let open_to_all = operation["security"] == serde_json::json!([{}]);
        assert_eq!(operation["x-permission"] == "anybody", open_to_all, "{path}");
        for member in ["summary", "operationId", "x-problems"] {
            assert!(!operation[member].is_null(), "{path} has no {member}");
        }
        let responses = operation["responses"].as_object().unwrap();
        for status in ["401", "403"] {
            assert_eq!(responses.contains_key(status), !open_to_all, "{path} does not tell the truth about {status}");
        }
        let takes_anybody = path.starts_with("/v1/table-codes/") || path == "/v1/tenants";
        assert_eq!(open_to_all, takes_anybody, "{path}");
        let problems = operation["x-problems"].as_array().unwrap();
        let problems: Vec<Code> = problems.iter().map(|it| Code::from_name(it.as_str().unwrap()).unwrap()).collect();
        let refuses = problems.iter().any(|code| code.status() == 409);
        assert_eq!(responses.contains_key("409"), refuses, "{path}");
        for status in ["400", "408", "413", "414", "415", "422", "429", "500", "503"] {
            assert!(responses.contains_key(status), "{path} does not tell of {status}");
        }
        let names_something = path.contains('{') || problems.contains(&Code::NotFound);
        assert_eq!(responses.contains_key("404"), names_something, "{path}");
        for (status, response) in responses {
            let headers = &response["headers"];
            assert!(!headers["RateLimit"].is_null() && !headers["RateLimit-Policy"].is_null(), "{path} {status}");
        }
        assert!(!responses["429"]["headers"]["Retry-After"].is_null(), "{path}");
        for code in problems {
            let of_status = &responses[code.status().as_str()]["content"]["application/problem+json"]["examples"];
            assert!(!of_status[code.as_str()].is_null(), "{path} has no example of {code:?}");
        }
        let created = responses.contains_key("201");
        assert_eq!(created, responses.get("201").is_some_and(|it| !it["headers"]["Location"].is_null()), "{path}");
    }
}

#[test]
fn every_operation_names_its_parameters() {
    for (path, operation) in operations() {
        let parameters = operation["parameters"].as_array().unwrap();
        let names: Vec<_> = parameters.iter().map(|it| it["name"].as_str().unwrap()).collect();
        for part in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            assert!(names.contains(&part), "{path} does not explain {part}");
        }
        assert!(names.contains(&"Idempotency-Key"), "{path}");
    }
}

#[test]
fn nothing_in_the_document_leads_nowhere() {
    let document = serde_json::to_value(command_service::openapi()).unwrap();
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        assert!(document.pointer(&reference[1..]).is_some(), "{reference} leads nowhere");
    }
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                references.push(reference.clone());
            }
            members.values().for_each(|member| collect(member, references));
        }
        Value::Array(entries) => entries.iter().for_each(|entry| collect(entry, references)),
        _ => {}
    }
}
