//! What `aris up` says when everything is up.

use crate::local::{DemoLogins, DemoRestaurant, Endpoints};
use std::path::Path;

pub(super) fn print(local: &Path, endpoints: &Endpoints) {
    let restaurant = DemoRestaurant::read(local).map(|demo| demo.restaurant_id.to_string());
    let restaurant = restaurant.unwrap_or_else(|_| "none".to_owned());
    let option = if local == Path::new(".local") { String::new() } else { format!(" --local {}", local.display()) };
    let aris = aris();
    println!(
        "
ArisGourmet is up. Ctrl-C ends it; data stays in {folder}.

  commands      {command}/v1/restaurants/…
  queries       {projection}/v1/restaurants/{restaurant}
  sockets       {realtime}
  log-in        {identity}/v1/auth/login
  API docs      {command}/docs
  metrics       {command}/metrics

{logins}In a second terminal:

  {aris} watch{option} kitchen --station grill     a kitchen console
In a third:
  {aris} demo{option}                              a dinner service: guests order, cooks cook

A token for yourself:   {aris} token{option} staff --role manager
Proof of everything:    {aris} verify{option}
",
        folder = local.display(),
        command = endpoints.command,
        projection = endpoints.projection,
        realtime = endpoints.realtime(),
        identity = endpoints.identity,
        logins = logins(local),
    );
}

/// Who can log in.
fn logins(local: &Path) -> String {
    let Some(logins) = DemoLogins::read(local) else {
        return "No log-ins: this data is from a version without them. `make clean-local` begins anew.\n\n".to_owned();
    };
    let lines: String = logins.people().map(|(role, email)| format!("  {role:<12}  {email}\n")).collect();
    format!("Log-ins, all with the password {}:\n\n{lines}\n", logins.password)
}

/// How the user called this program, so that the lines can be copied.
fn aris() -> String {
    std::env::args().next().unwrap_or_else(|| "aris".to_owned())
}
