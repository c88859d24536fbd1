//! Recognizes keys of credentials by parts of their names, in one pass over the key. Case is ignored, and words may be
//! joined by punctuation, a space or nothing.

/// Matches anywhere in a key.
const ANYWHERE: u8 = 1;
/// Matches at the end of a key.
const END: u8 = 2;
/// A key that contains this part, or ends with it, holds no credential.
const NONE_ANYWHERE: u8 = 4;
const NONE_AT_END: u8 = 8;
/// Matches the whole last part of a key in a text: `?key=`, `pwd: `.
const WORD: u8 = 16;

const PARTS: &[(&str, u8)] = &[
    ("apikey", ANYWHERE),
    ("accesskey", ANYWHERE),
    ("secret", ANYWHERE),
    ("password", ANYWHERE),
    ("passwd", ANYWHERE),
    ("passphrase", ANYWHERE),
    ("passcode", END),
    ("authorization", ANYWHERE),
    ("cookie", ANYWHERE),
    ("privatekey", ANYWHERE),
    ("signingkey", ANYWHERE),
    ("encryptionkey", ANYWHERE),
    ("masterkey", ANYWHERE),
    ("authkey", END),
    ("functionskey", END),
    ("subscriptionkey", END),
    ("accountkey", END),
    ("sharedkey", END),
    ("sessionkey", END),
    ("licensekey", END),
    ("rapidapikey", END),
    ("credential", ANYWHERE),
    ("connectionstring", ANYWHERE),
    ("token", END),
    ("jwt", END),
    ("bearer", END),
    ("auth", WORD),
    ("key", WORD),
    ("pass", WORD),
    ("pwd", WORD),
    ("sig", WORD),
    ("signature", WORD),
    ("amzsignature", END),
    ("googsignature", END),
    // Keys that only resemble those of credentials.
    ("secretsmanager", NONE_ANYWHERE),
    ("routingkey", NONE_AT_END),
    ("requestkey", NONE_AT_END),
    ("partitionkey", NONE_AT_END),
    ("idempotencykey", NONE_AT_END),
    // Facts about a credential.
    ("arn", NONE_AT_END),
    ("consent", NONE_AT_END),
    ("decision", NONE_AT_END),
    ("endpoint", NONE_AT_END),
    ("apikeyid", NONE_AT_END),
    ("length", NONE_AT_END),
    ("name", NONE_AT_END),
    ("namespace", NONE_AT_END),
    ("path", NONE_AT_END),
    ("policy", NONE_AT_END),
    ("provider", NONE_AT_END),
    ("reset", NONE_AT_END),
    ("server", NONE_AT_END),
    ("status", NONE_AT_END),
    ("strength", NONE_AT_END),
    ("type", NONE_AT_END),
    ("version", NONE_AT_END),
    ("stoptoken", NONE_AT_END),
    ("nexttoken", NONE_AT_END),
    ("pagetoken", NONE_AT_END),
    ("paginationtoken", NONE_AT_END),
    ("synctoken", NONE_AT_END),
    ("continuationtoken", NONE_AT_END),
    ("eostoken", NONE_AT_END),
    ("bostoken", NONE_AT_END),
    ("padtoken", NONE_AT_END),
    ("unktoken", NONE_AT_END),
    ("septoken", NONE_AT_END),
    ("clstoken", NONE_AT_END),
    ("masktoken", NONE_AT_END),
    ("firsttoken", NONE_AT_END),
    ("lasttoken", NONE_AT_END),
    ("pertoken", NONE_AT_END),
    ("outputtoken", NONE_AT_END),
    ("inputtoken", NONE_AT_END),
    ("maxtoken", NONE_AT_END),
    ("idempotencytoken", NONE_AT_END),
];

const LETTERS: usize = 26;

const STATES: usize = {
    let (mut states, mut at) = (1, 0);
    while at < PARTS.len() {
        states += PARTS[at].0.len();
        at += 1;
    }
    states
};

/// An automaton over all parts: the transition for each letter, and the matches in each state.
struct Automaton {
    next: [[u16; LETTERS]; STATES],
    found: [u8; STATES],
    /// The number of letters matched in each state.
    depth: [u8; STATES],
}

static AUTOMATON: Automaton = compiled();

const fn compiled() -> Automaton {
    let mut next = [[0_u16; LETTERS]; STATES];
    let mut found = [0_u8; STATES];
    let mut depth = [0_u8; STATES];
    let (mut states, mut at) = (1, 0);
    while at < PARTS.len() {
        let (part, flags) = (PARTS[at].0.as_bytes(), PARTS[at].1);
        let (mut state, mut letter) = (0, 0);
        while letter < part.len() {
            let index = (part[letter] - b'a') as usize;
            if next[state][index] == 0 {
                next[state][index] = states;
                depth[states as usize] = letter as u8 + 1;
                states += 1;
            }
            state = next[state][index] as usize;
            letter += 1;
        }
        found[state] |= flags;
        at += 1;
    }
    // Breadth first: a failed match continues with its longest suffix that starts another part.
    let mut fail = [0_u16; STATES];
    let mut queue = [0_u16; STATES];
    let (mut first, mut last, mut index) = (0, 0, 0);
    while index < LETTERS {
        if next[0][index] != 0 {
            queue[last] = next[0][index];
            last += 1;
        }
        index += 1;
    }
    while first < last {
        let state = queue[first] as usize;
        first += 1;
        // A word matches only as a whole.
        found[state] |= found[fail[state] as usize] & !WORD;
        let mut index = 0;
        while index < LETTERS {
            let to = next[state][index] as usize;
            let instead = next[fail[state] as usize][index];
            if to == 0 {
                next[state][index] = instead;
            } else {
                fail[to] = instead;
                queue[last] = to as u16;
                last += 1;
            }
            index += 1;
        }
    }
    Automaton { next, found, depth }
}

/// The matches in a key.
struct Found {
    anywhere: u8,
    at_end: u8,
    /// The number of letters in the last part of the key, and how many of them the match covers.
    letters: usize,
    depth: usize,
    /// The last part starts with `x` and ends with `key`, with other letters between: `x-functions-key`.
    x_key: bool,
}

impl Found {
    fn is_credential(&self) -> bool {
        if self.anywhere & NONE_ANYWHERE != 0 || self.at_end & NONE_AT_END != 0 {
            return false;
        }
        self.anywhere & ANYWHERE != 0 || self.at_end & END != 0 || self.x_key
    }
}

fn search(key: &str) -> Found {
    let bytes = key.as_bytes();
    let (mut state, mut anywhere, mut letters) = (0_usize, 0, 0);
    let (mut last, mut begun) = (0, false);
    for (at, byte) in bytes.iter().enumerate() {
        let letter = match byte {
            b'a'..=b'z' => byte - b'a',
            b'A'..=b'Z' => byte - b'A',
            b'.' | b':' => {
                (letters, last, begun) = (0, at + 1, false);
                continue;
            }
            b'_' | b'-' | b' ' | b'/' | b'+' | b'~' | 0x80.. => continue,
            // A trailing number is ignored, as in `API_KEY_2`.
            _ => {
                begun = true;
                continue;
            }
        };
        if begun {
            (state, begun) = (0, false);
        }
        letters += 1;
        state = usize::from(AUTOMATON.next[state][usize::from(letter)]);
        anywhere |= AUTOMATON.found[state];
    }
    let part = bytes.get(last..).unwrap_or_default();
    let x_key = part.len() > 5
        && part[0].eq_ignore_ascii_case(&b'x')
        && matches!(part[1], b'-' | b'_')
        && part[part.len() - 3..].eq_ignore_ascii_case(b"key");
    let depth = usize::from(AUTOMATON.depth[state]);
    Found { anywhere, at_end: AUTOMATON.found[state], letters, depth, x_key }
}

/// Whether this key holds a credential.
pub(crate) fn is_credential(key: &str) -> bool {
    search(key).is_credential()
}

/// Like [`is_credential`], for a key before `=` or `:` in a text.
pub(crate) fn is_credential_word(key: &str) -> bool {
    let found = search(key);
    found.is_credential() || (found.at_end & WORD != 0 && found.depth == found.letters)
}
