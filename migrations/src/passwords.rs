//! The passwords of users that are there already: which are others than the secret gives, and how they change
//! without a service that cannot log in meanwhile.

use crate::provision::{Schemas, USERS, address, connect_as_admin, execute};
use sqlx::{Connection, MySqlConnection, mysql::MySqlDatabaseError};

/// MySQL's "access denied": the password is another one.
const ACCESS_DENIED: u16 = 1045;

/// The users whose password does not follow from the secret, by their whole names.
///
/// # Errors
/// When the server is away.
pub async fn users_with_other_passwords(admin_url: &str, schemas: &Schemas) -> Result<Vec<String>, sqlx::Error> {
    let mut others = Vec::new();
    for user in USERS {
        match MySqlConnection::connect(&address(admin_url, schemas, user)).await {
            Ok(connection) => connection.close().await?,
            Err(error) if is_denied(&error) => others.push(schemas.user(user)),
            Err(error) => return Err(error),
        }
    }
    Ok(others)
}

fn is_denied(error: &sqlx::Error) -> bool {
    let error = error.as_database_error().and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>());
    error.is_some_and(|error| error.number() == ACCESS_DENIED)
}

/// Gives these users the passwords that follow from the secret. The ones they had stay good as well, until
/// [`end_old_passwords`]: services go on until they are told the new ones.
///
/// # Errors
/// When the server is away or the user of `admin_url` lacks the right.
pub async fn give_passwords(admin_url: &str, schemas: &Schemas, users: &[String]) -> Result<(), sqlx::Error> {
    let mut admin = connect_as_admin(admin_url).await?;
    for user in users {
        let password = schemas.secret.password_of(user);
        let sql = format!("ALTER USER '{user}'@'%' IDENTIFIED BY '{password}' RETAIN CURRENT PASSWORD");
        execute(&mut admin, &sql).await?;
    }
    admin.close().await
}

/// Ends what [`give_passwords`] left good. Connections that are open stay.
///
/// # Errors
/// As there.
pub async fn end_old_passwords(admin_url: &str, schemas: &Schemas) -> Result<(), sqlx::Error> {
    let mut admin = connect_as_admin(admin_url).await?;
    for user in USERS {
        execute(&mut admin, &format!("ALTER USER '{}'@'%' DISCARD OLD PASSWORD", schemas.user(user))).await?;
    }
    admin.close().await
}
