//! Which providers people may log in through.

use anyhow::{Context, bail, ensure};
use service_kit::config::Secret;
use url::{Host, Url};

/// Providers and redirects at most: a list that is longer is a mistake.
const LIST_MAX: usize = 32;
/// The longest name of a provider in bytes.
const NAME_BYTES_MAX: usize = 32;
/// What is asked for unless the settings say so: who somebody is, and their address.
const SCOPES: &str = "openid email";

/// Providers whose addresses everybody knows: name, issuer, and where codes are exchanged if the provider does
/// not publish it.
const KNOWN: [(&str, &str, Option<&str>); 2] = [
    ("google", "https://accounts.google.com", None),
    ("facebook", "https://www.facebook.com", Some("https://graph.facebook.com/oauth/access_token")),
];

/// Log-in through providers outside; without any, nobody can.
#[derive(Debug, Clone, Default)]
pub struct OpenIdConfig {
    /// `ARIS_OIDC_PROVIDERS`: their names, with commas.
    pub providers: Vec<ProviderConfig>,
    /// `ARIS_DEMO=1`: plain `http` is taken from everywhere, not from loopback only.
    pub is_demo: bool,
}

/// One provider. `<NAME>` is its name in upper case, with `_` for `-`.
#[derive(Debug, Clone)]
pub struct ProviderConfig {
    /// What it is called in addresses of ours: `a` to `z`, digits and `-`.
    pub name: String,
    /// `ARIS_OIDC_<NAME>_ISSUER`: exactly as the provider writes it; known of `google` and `facebook`.
    pub issuer: String,
    /// `ARIS_OIDC_<NAME>_CLIENT_ID`: what the provider calls us.
    pub client_id: String,
    /// `ARIS_OIDC_<NAME>_CLIENT_SECRET`, or the file that `ARIS_OIDC_<NAME>_CLIENT_SECRET_FILE` names.
    pub client_secret: Secret,
    /// `ARIS_OIDC_<NAME>_REDIRECTS`: where browsers may come back to from it, with commas; compared byte by byte. No other
    /// provider has one of them, so the place says who has sent the browser.
    pub redirects: Vec<String>,
    /// `ARIS_OIDC_<NAME>_SCOPES`: default `openid email`.
    pub scopes: String,
    /// `ARIS_OIDC_<NAME>_TOKEN_ENDPOINT`: only for a provider that does not publish it; known of `facebook`.
    pub token_endpoint: Option<String>,
}

impl OpenIdConfig {
    /// Reads the environment.
    ///
    /// # Errors
    /// When a provider lacks something, or an address must not be used; the message names the variable.
    pub fn from_env() -> anyhow::Result<Self> {
        Self::read(&|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn read(get: &dyn Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let is_demo = get("ARIS_DEMO").as_deref() == Some("1");
        let names = list(&get("ARIS_OIDC_PROVIDERS").unwrap_or_default());
        ensure!(names.len() <= LIST_MAX, "more than {LIST_MAX} providers");
        ensure!(
            get("ARIS_OIDC_REDIRECTS").is_none(),
            "ARIS_OIDC_REDIRECTS is no longer known: each provider has its own, in ARIS_OIDC_<NAME>_REDIRECTS"
        );
        let providers = names.into_iter().map(|name| ProviderConfig::read(name, get, is_demo));
        let providers = providers.collect::<anyhow::Result<Vec<_>>>()?;
        for (index, provider) in providers.iter().enumerate() {
            let shared =
                provider.redirects.iter().find(|it| providers[..index].iter().any(|one| one.redirects.contains(it)));
            if let Some(redirect) = shared {
                bail!("{}: {redirect} is of another provider, too", variable(&provider.name, "REDIRECTS"));
            }
        }
        Ok(Self { providers, is_demo })
    }
}

fn variable(provider: &str, what: &str) -> String {
    format!("ARIS_OIDC_{}_{what}", provider.to_uppercase().replace('-', "_"))
}

impl ProviderConfig {
    fn read(name: String, get: &dyn Fn(&str) -> Option<String>, is_demo: bool) -> anyhow::Result<Self> {
        let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        ensure!(
            name.len() <= NAME_BYTES_MAX && name.chars().all(sound),
            "ARIS_OIDC_PROVIDERS: `{name}` is not 1 to {NAME_BYTES_MAX} of a to z, digits and -"
        );
        let variable = |what: &str| variable(&name, what);
        let setting = |what: &str| get(&variable(what));
        let required = |what: &str, known: Option<&str>| {
            let value = setting(what).or_else(|| known.map(str::to_owned));
            value.with_context(|| format!("{} is not set", variable(what)))
        };
        let known = KNOWN.iter().find(|(it, ..)| *it == name);
        let client_secret = match setting("CLIENT_SECRET_FILE") {
            Some(path) => std::fs::read_to_string(&path)
                .with_context(|| format!("{}: {path} cannot be read", variable("CLIENT_SECRET_FILE")))?
                .trim()
                .to_owned(),
            None => required("CLIENT_SECRET", None)?,
        };
        ensure!(!client_secret.is_empty(), "{} is empty", variable("CLIENT_SECRET_FILE"));
        let redirects = list(&setting("REDIRECTS").unwrap_or_default());
        let place = variable("REDIRECTS");
        ensure!(!redirects.is_empty(), "{place} is not set: no browser could come back from the provider");
        ensure!(redirects.len() <= LIST_MAX, "{place}: more than {LIST_MAX}");
        for redirect in &redirects {
            check_redirect(redirect, is_demo).with_context(|| format!("{place}: {redirect}"))?;
        }
        let scopes = setting("SCOPES").unwrap_or_else(|| SCOPES.to_owned());
        ensure!(scopes.split(' ').any(|scope| scope == "openid"), "{} lacks `openid`", variable("SCOPES"));
        Ok(Self {
            issuer: required("ISSUER", known.map(|(_, issuer, _)| *issuer))?,
            client_id: required("CLIENT_ID", None)?,
            client_secret: client_secret.into(),
            redirects,
            scopes,
            token_endpoint: setting("TOKEN_ENDPOINT").or_else(|| known.and_then(|(.., it)| it.map(str::to_owned))),
            name,
        })
    }
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// An address of a provider: `https`, or `http` where nobody can listen in between.
pub(super) fn endpoint(text: &str, is_demo: bool) -> anyhow::Result<Url> {
    let url = Url::parse(text).context("it is no URL")?;
    ensure!(url.host().is_some() && url.username().is_empty() && url.password().is_none(), "it is no plain address");
    ensure!(url.fragment().is_none(), "it has a fragment");
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_demo || is_loopback(&url) => Ok(url),
        _ => bail!("it is not https"),
    }
}

/// Where a browser may come back to: a page by `https`, a page of this machine, or an app's own scheme, which
/// is a domain name backwards (RFC 8252).
fn check_redirect(text: &str, is_demo: bool) -> anyhow::Result<()> {
    let url = Url::parse(text).context("it is no URL")?;
    match url.scheme() {
        "https" | "http" => endpoint(text, is_demo).map(drop),
        scheme => {
            ensure!(scheme.contains('.') && url.fragment().is_none(), "neither https nor the scheme of an app");
            Ok(())
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(four)) => four.is_loopback(),
        Some(Host::Ipv6(six)) => six.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> anyhow::Result<OpenIdConfig> {
        OpenIdConfig::read(&|name| set.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned()))
    }

    const GOOGLE: [(&str, &str); 4] = [
        ("ARIS_OIDC_PROVIDERS", "google"),
        ("ARIS_OIDC_GOOGLE_REDIRECTS", "https://pos.example/back, com.example.pos:/back"),
        ("ARIS_OIDC_GOOGLE_CLIENT_ID", "us"),
        ("ARIS_OIDC_GOOGLE_CLIENT_SECRET", "not-to-be-printed"),
    ];

    fn refused(changes: &[(&'static str, &'static str)]) -> String {
        format!("{:#}", read(&[changes, GOOGLE.as_slice()].concat()).unwrap_err())
    }

    #[test]
    fn without_settings_there_is_no_provider() {
        assert!(read(&[]).unwrap().providers.is_empty());
    }

    #[test]
    fn the_issuers_of_google_and_facebook_are_known_and_secrets_are_not_printed() {
        let config = read(&GOOGLE).unwrap();
        let google = &config.providers[0];
        assert_eq!((google.issuer.as_str(), google.scopes.as_str()), ("https://accounts.google.com", "openid email"));
        assert_eq!(google.redirects, ["https://pos.example/back", "com.example.pos:/back"]);
        assert!(!format!("{config:?}").contains("not-to-be-printed"));
        let facebook = read(&[
            ("ARIS_OIDC_PROVIDERS", "facebook"),
            ("ARIS_OIDC_FACEBOOK_REDIRECTS", "http://127.0.0.1:8080/back"),
            ("ARIS_OIDC_FACEBOOK_CLIENT_ID", "us"),
            ("ARIS_OIDC_FACEBOOK_CLIENT_SECRET", "x"),
        ]);
        assert_eq!(facebook.unwrap().providers[0].issuer, "https://www.facebook.com");
    }

    #[test]
    fn what_is_missing_or_must_not_be_used_is_named() {
        let missing = read(&GOOGLE[..3]).unwrap_err();
        assert_eq!(missing.to_string(), "ARIS_OIDC_GOOGLE_CLIENT_SECRET is not set");
        assert!(refused(&[("ARIS_OIDC_PROVIDERS", "google,our-sso")]).contains("ARIS_OIDC_OUR_SSO_CLIENT_SECRET"));
        assert!(refused(&[("ARIS_OIDC_PROVIDERS", "Google")]).contains("`Google` is not"));
        assert!(refused(&[("ARIS_OIDC_GOOGLE_SCOPES", "email")]).contains("lacks `openid`"));
        assert!(refused(&[("ARIS_OIDC_GOOGLE_REDIRECTS", " ")]).contains("ARIS_OIDC_GOOGLE_REDIRECTS is not set"));
        assert!(refused(&[("ARIS_OIDC_REDIRECTS", "https://pos.example/back")]).contains("each provider has its own"));
        assert!(refused(&[("ARIS_OIDC_GOOGLE_CLIENT_SECRET_FILE", "/nowhere")]).contains("CLIENT_SECRET_FILE"));
        for redirect in ["http://pos.example/back", "https://pos.example/#back", "javascript:alert(1)", "/back"] {
            assert!(refused(&[("ARIS_OIDC_GOOGLE_REDIRECTS", redirect)]).contains(redirect), "{redirect}");
        }
    }

    #[test]
    fn no_two_providers_send_browsers_to_the_same_place() {
        let two = |redirect| {
            [
                ("ARIS_OIDC_PROVIDERS", "google,our-sso"),
                ("ARIS_OIDC_OUR_SSO_ISSUER", "https://sso.example"),
                ("ARIS_OIDC_OUR_SSO_CLIENT_ID", "us"),
                ("ARIS_OIDC_OUR_SSO_CLIENT_SECRET", "x"),
                ("ARIS_OIDC_OUR_SSO_REDIRECTS", redirect),
            ]
        };
        let shared = refused(&two("https://pos.example/other,com.example.pos:/back"));
        assert_eq!(shared, "ARIS_OIDC_OUR_SSO_REDIRECTS: com.example.pos:/back is of another provider, too");
        let own = read(&[two("https://pos.example/other").as_slice(), &GOOGLE].concat()).unwrap();
        assert_eq!(own.providers.len(), 2);
    }

    #[test]
    fn plain_http_is_for_this_machine_and_for_demonstrations() {
        for good in ["https://sso.example", "http://127.0.0.1:9", "http://[::1]:9/realm", "http://localhost/"] {
            assert!(endpoint(good, false).is_ok(), "{good}");
        }
        for bad in ["http://sso.example", "http://10.0.0.1", "http://127.0.0.1.example", "ftp://sso.example", "sso"] {
            assert!(endpoint(bad, false).is_err(), "{bad}");
        }
        assert!(endpoint("http://sso.example", true).is_ok());
        assert!(endpoint("https://user:password@sso.example", true).is_err());
    }
}
