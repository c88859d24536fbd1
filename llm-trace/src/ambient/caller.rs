//! The caller of a scope.

/// The caller of an LLM call as a gateway identifies it: by a virtual key, a user, a team.
///
/// Unset fields are omitted. Values are the strings that the gateway uses.
///
/// ```
/// use llm_trace::Caller;
///
/// let caller = Caller::from_api_key("sk-1234").key_alias("ci").team_id("t7").route("/v1/chat/completions");
/// let caller = caller.org_id("acme").end_user_id("u-17").email("ada@example.org");
/// assert!(!format!("{caller:?}").contains("sk-1234"));
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[must_use]
pub struct Caller {
    pub(crate) key_hash: Option<String>,
    pub(crate) key_alias: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) team_id: Option<String>,
    pub(crate) team_alias: Option<String>,
    pub(crate) org_id: Option<String>,
    pub(crate) end_user_id: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) route: Option<String>,
}

impl Caller {
    /// Creates a caller without any fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a caller from its API key. Only the SHA-256 of the key is stored, in hex; an empty key is none.
    ///
    /// ```
    /// use llm_trace::Caller;
    ///
    /// llm_trace::scope().caller(Caller::from_api_key("sk-1234")).run(|| { /* calls */ });
    /// ```
    pub fn from_api_key(key: impl AsRef<str>) -> Self {
        Self { key_hash: Some(key.as_ref()).filter(|key| !key.is_empty()).map(sha256_hex), ..Self::default() }
    }

    /// Sets the hash of the caller's key. A plain key (`sk-…`) passed by mistake is hashed.
    pub fn key_hash(mut self, hash: impl Into<Id>) -> Self {
        self.key_hash = hash.into().0.map(|hash| if hash.starts_with("sk-") { sha256_hex(&hash) } else { hash });
        self
    }

    /// Fills unset fields from `base`, unless its key belongs to another caller.
    pub(crate) fn over(&self, base: &Caller) -> Caller {
        if self.key_hash.is_some() && base.key_hash.is_some() && self.key_hash != base.key_hash {
            return self.clone();
        }
        let or = |own: &Option<String>, base: &Option<String>| own.clone().or_else(|| base.clone());
        Caller {
            key_hash: or(&self.key_hash, &base.key_hash),
            key_alias: or(&self.key_alias, &base.key_alias),
            user_id: or(&self.user_id, &base.user_id),
            team_id: or(&self.team_id, &base.team_id),
            team_alias: or(&self.team_alias, &base.team_alias),
            org_id: or(&self.org_id, &base.org_id),
            end_user_id: or(&self.end_user_id, &base.end_user_id),
            email: or(&self.email, &base.email),
            route: or(&self.route, &base.route),
        }
    }
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        impl Caller {$(
            $(#[$doc])*
            pub fn $name(mut self, value: impl Into<Id>) -> Self {
                self.$name = value.into().0;
                self
            }
        )*}
    };
}

setters! {
    /// Sets the name of the caller's key.
    key_alias,
    /// Sets the user who owns the key.
    user_id,
    /// Sets the team that owns the key.
    team_id,
    /// Sets the team's name.
    team_alias,
    /// Sets the organization.
    org_id,
    /// Sets the end user on whose behalf the call is made.
    end_user_id,
    /// Sets the user's e-mail address.
    email,
    /// Sets the gateway's route, for example `/v1/chat/completions`.
    route,
}

/// An optional identifier. An empty text is no identifier.
///
/// ```
/// use llm_trace::{Caller, Id};
///
/// let team: Option<&str> = None;
/// let caller = Caller::new().user_id("ada").team_id(team).org_id("");
/// assert_eq!(caller, Caller::new().user_id("ada"));
/// assert_eq!(Id::from(""), Id::default());
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Id(pub(crate) Option<String>);

impl From<String> for Id {
    fn from(id: String) -> Self {
        Id(Some(id).filter(|id| !id.is_empty()))
    }
}

impl From<&str> for Id {
    fn from(id: &str) -> Self {
        id.to_owned().into()
    }
}

impl From<&String> for Id {
    fn from(id: &String) -> Self {
        id.as_str().into()
    }
}

impl From<std::borrow::Cow<'_, str>> for Id {
    fn from(id: std::borrow::Cow<'_, str>) -> Self {
        id.into_owned().into()
    }
}

impl<T> From<Option<T>> for Id
where
    Id: From<T>,
{
    fn from(id: Option<T>) -> Self {
        id.map_or(Id(None), Id::from)
    }
}

macro_rules! from_ints {
    ($($ty:ty),*) => {$(
        impl From<$ty> for Id {
            fn from(id: $ty) -> Self {
                Id(Some(id.to_string()))
            }
        }
    )*};
}

from_ints!(i32, i64, u32, u64, u128, usize);

fn sha256_hex(text: &str) -> String {
    let mut hex = String::with_capacity(64);
    crate::policy::push_hex(&mut hex, &hmac_sha256::Hash::hash(text.as_bytes()));
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_kept_as_its_sha_256_only() {
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Caller::from_api_key("abc").key_hash.as_deref(), Some(hash));
        assert_eq!(Caller::from_api_key(""), Caller::new());
        let by_mistake = Caller::new().key_hash("sk-abc").key_hash.expect("a hash");
        assert!(by_mistake.len() == 64 && !by_mistake.contains("sk-"));
    }

    #[test]
    fn another_key_takes_nothing_from_the_caller_around() {
        let outer = Caller::from_api_key("a").key_alias("a").team_id("t");
        assert_eq!(Caller::from_api_key("b").over(&outer), Caller::from_api_key("b"));
        let same = Caller::new().route("/v1").over(&outer);
        assert_eq!(same, outer.clone().route("/v1"));
    }
}
