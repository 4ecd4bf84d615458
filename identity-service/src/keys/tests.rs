use super::*;
use identity::Verifier;
use uuid::Uuid;

struct Folder(PathBuf);

impl Folder {
    fn new() -> (Self, KeyFolder) {
        let path = std::env::temp_dir().join(format!("aris-keys-{}", Uuid::now_v7()));
        (Self(path.clone()), KeyFolder::new(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn uses(ring: &KeyRing, now: DateTime<Utc>) -> Vec<Use> {
    ring.uses(now).map(|(_, use_)| use_).collect()
}

#[test]
fn the_first_key_signs_at_once_and_is_the_same_for_everybody() {
    let (_folder, keys) = Folder::new();
    assert!(keys.load(now()).is_err());
    let kid = keys.load_or_make(now()).unwrap().signing(now()).kid().to_owned();
    assert_eq!(keys.load_or_make(now()).unwrap().signing(now()).kid(), kid);
    assert_eq!(std::fs::read_to_string(keys.jwks_file()).unwrap(), keys.load(now()).unwrap().jwks_json());
}

#[test]
fn a_new_key_signs_once_everybody_had_the_time_to_read_it_and_the_old_one_outlives_its_tokens() {
    let (_folder, keys) = Folder::new();
    let old = keys.load_or_make(now()).unwrap().signing(now()).kid().to_owned();
    let ring = keys.rotate(now()).unwrap();
    assert_eq!(uses(&ring, now()), [Use::Signs, Use::Announced]);
    assert!(keys.rotate(now()).is_err(), "one at a time");
    let later = now() + SIGNS_AFTER;
    assert_eq!(uses(&ring, later), [Use::Verifies, Use::Signs]);
    assert_ne!(ring.signing(later).kid(), old);
    assert!(Verifier::from_jwks(&std::fs::read_to_string(keys.jwks_file()).unwrap()).is_ok());
    assert_eq!(keys.load(later + GOES_AFTER - Duration::seconds(1)).unwrap().0.len(), 2);
    assert_eq!(keys.load(later + GOES_AFTER).unwrap().0.len(), 1);
    let ring = keys.rotate(later + GOES_AFTER).unwrap();
    assert_eq!(ring.0.len(), 2);
    assert!(!keys.0.join("signing.pem").exists(), "what is gone is deleted by the next rotation");
}

#[test]
fn private_keys_are_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, keys) = Folder::new();
    keys.load_or_make(now()).unwrap();
    keys.rotate(now()).unwrap();
    for entry in std::fs::read_dir(&keys.0).unwrap().flatten().filter(|it| made_at(&it.path()).is_some()) {
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0);
    }
}
