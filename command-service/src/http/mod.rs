//! Every command, in one table.

mod answers;
mod api_keys;
mod dining;
mod document;
mod fields;
#[cfg(test)]
mod fuzz;
mod menu;
mod ordering;
mod restaurant_groups;
mod restaurants;
mod roles;
mod staff;
mod tables;
mod tenant_rule;
mod tenants;

use crate::submit::Commands;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this service and their part of the document.
pub(crate) fn router() -> OpenApiRouter<Commands> {
    OpenApiRouter::new()
        .routes(routes!(restaurants::create_restaurant::create_restaurant))
        .routes(routes!(menu::add_item::add_item))
        .routes(routes!(menu::withdraw_item::withdraw_item))
        .routes(routes!(menu::restore_item::restore_item))
        .routes(routes!(dining::open_session::open_session))
        .routes(routes!(dining::join_session::join_session))
        .routes(routes!(dining::close_session::close_session))
        .routes(routes!(dining::request_join::request_join))
        .routes(routes!(dining::get_join_request::get_join_request))
        .routes(routes!(dining::approve_join::approve_join))
        .routes(routes!(dining::decline_join::decline_join))
        .routes(routes!(dining::decline_all::decline_all))
        .routes(routes!(dining::leave_session::leave_session))
        .routes(routes!(dining::show_code::show_code))
        .routes(routes!(dining::rotate_code::rotate_code))
        .routes(routes!(tables::get_table_code::get_table_code))
        .routes(routes!(tables::print_table_code::print_table_code))
        .routes(routes!(tables::reissue_table_code::reissue_table_code))
        .routes(routes!(ordering::place_order::place_order))
        .routes(routes!(ordering::accept_order::accept_order))
        .routes(routes!(ordering::reject_order::reject_order))
        .routes(routes!(ordering::cancel_order::cancel_order))
        .routes(routes!(ordering::start_line::start_line))
        .routes(routes!(ordering::ready_line::ready_line))
        .routes(routes!(ordering::serve_line::serve_line))
        .routes(routes!(tenants::sign_up::sign_up))
        .routes(routes!(restaurant_groups::create_group::create_restaurant_group))
        .routes(routes!(restaurant_groups::rename_group::rename_restaurant_group))
        .routes(routes!(restaurant_groups::add_restaurant::add_restaurant_to_group))
        .routes(routes!(restaurant_groups::remove_restaurant::remove_restaurant_from_group))
        .routes(routes!(roles::define_role::define_role))
        .routes(routes!(roles::change_role::change_role))
        .routes(routes!(roles::retire_role::retire_role))
        .routes(routes!(staff::invite_member::invite_member))
        .routes(routes!(staff::renew_invitation::renew_invitation))
        .routes(routes!(staff::change_member_roles::change_member_roles))
        .routes(routes!(staff::member_state::deactivate_member))
        .routes(routes!(staff::member_state::reactivate_member))
        .routes(routes!(staff::forget_member::forget_member))
        .routes(routes!(api_keys::issue_key::issue_api_key))
        .routes(routes!(api_keys::revoke_key::revoke_api_key))
}

/// The part of the OpenAPI document that this service answers.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut api = router().into_openapi();
    document::complete(&mut api);
    api
}
