use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use super::*;

const N0: NodeId = NodeId(0);
const N1: NodeId = NodeId(1);

/// RFC 7748, 6.1: the secrets and the public keys of Alice and Bob.
const ALICE: [&str; 2] = [
    "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
    "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
];
const BOB: [&str; 2] = [
    "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
    "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
];

fn written(folder: &Path, name: &str, text: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn secret(digits: &str) -> Secret {
    let folder = tempfile::tempdir().unwrap();
    let text = [file::HEAD, digits.as_bytes(), b"\n"].concat();
    Secret::read(&written(folder.path(), "key", &text)).unwrap()
}

fn alice_and_bob() -> [(NodeId, PublicKey); 2] {
    [
        (N0, ALICE[1].parse().unwrap()),
        (N1, BOB[1].parse().unwrap()),
    ]
}

#[test]
fn public_keys_are_those_of_rfc_7748() {
    assert_eq!(secret(ALICE[0]).public().to_string(), ALICE[1]);
    assert_eq!(secret(BOB[0]).public().to_string(), BOB[1]);
}

/// The keys were computed with another implementation of HMAC, from the shared secret in RFC 7748.
#[test]
fn rings_are_those_of_rfc_5869() {
    let hex = |text: &str| <[u8; 32]>::try_from(lower::decode_vec(text).unwrap()).unwrap();
    let sending = hex("eb86ea8e680d3f23cf5982a2c8d36cf0c49110801ad0c6f4b3236ff990f5a157");
    let receiving = hex("3ed8026f08d4e4613a9fbb9298637ce2cfd9b4e8583e760f33cb775599cb36f7");
    let with_itself = |own: &Secret, node: NodeId| {
        let shared = own.0.diffie_hellman(&(&own.0).into());
        let key = expanded(&Hkdf::new(Some(b"demo"), shared.as_bytes()), node, node);
        let (sending, receiving) = (key, key);
        (node, PairKeys { sending, receiving })
    };
    let own = secret(ALICE[0]);
    let to_bob = PairKeys { sending, receiving };
    assert_eq!(
        own.ring("demo", N0, &alice_and_bob()).unwrap(),
        Keyring::of_keys(N0, [with_itself(&own, N0), (N1, to_bob.clone())])
    );
    let own = secret(BOB[0]);
    let (sending, receiving) = (receiving, sending);
    let to_alice = PairKeys { sending, receiving };
    assert_eq!(
        own.ring("demo", N1, &alice_and_bob()).unwrap(),
        Keyring::of_keys(N1, [with_itself(&own, N1), (N0, to_alice)])
    );
    assert!(
        own.ring("demo", N1, &alice_and_bob()).unwrap()
            != own.ring("other", N1, &alice_and_bob()).unwrap(),
        "a cluster has its own keys"
    );
}

#[test]
fn nothing_is_agreed_on_with_keys_that_are_wrong() {
    let own = secret(ALICE[0]);
    let fingerprint = "300c9c9603b92a4b".to_owned();
    assert_eq!(own.fingerprint(), fingerprint);
    let node = N1;
    let other = KeyError::NotTheirs { node, fingerprint };
    assert_eq!(own.ring("demo", N1, &alice_and_bob()), Err(other.clone()));
    assert_eq!(own.ring("demo", N1, &[]), Err(other));
    // RFC 7748, 6.1: such keys give zeros with every secret.
    let zero = ["00", "01"].map(|first| format!("{first}{}", "00".repeat(31)));
    for weak in zero {
        let [alice, _] = alice_and_bob();
        let all = [alice, (N1, weak.parse().unwrap())];
        assert_eq!(own.ring("demo", N0, &all), Err(KeyError::Weak { node }));
    }
}

#[test]
fn keygen_makes_files_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("new/keys");
    let made = generate(&folder, &[N0, N1]).unwrap();
    assert_ne!(made[0].1, made[1].1);
    for (node, public) in made {
        let path = path(&folder, node);
        let is = fs::metadata(&path).unwrap();
        assert_eq!(is.mode() & 0o7777, 0o600);
        let secret = Secret::read(&path).unwrap();
        assert_eq!(secret.public(), public);
        let digits = lower::encode_string(&secret.0.to_bytes());
        assert!(fs::read_to_string(&path).unwrap().contains(&digits));
        let shown = format!("{secret:?}");
        assert_eq!(shown, format!("Secret({}, ..)", public.fingerprint()));
    }
}

/// Not even some of them: a cluster with two generations of keys cannot talk.
#[test]
fn keygen_overwrites_nothing_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let there = written(folder, "node-1.key", b"precious");
    let exists = KeyError::Exists {
        path: there.clone(),
    };
    assert_eq!(generate(folder, &[N0, N1]), Err(exists));
    assert_eq!(fs::read(&there).unwrap(), b"precious");
    assert!(!path(folder, N0).exists());
    fs::remove_file(&there).unwrap();
    let elsewhere = folder.join("elsewhere");
    symlink(&elsewhere, &there).unwrap();
    assert!(matches!(
        generate(folder, &[N1]),
        Err(KeyError::Exists { .. })
    ));
    assert!(!elsewhere.exists());
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    generate(folder.path(), &[N0]).unwrap();
    let path = path(folder.path(), N0);
    for mode in [0o640, 0o604, 0o620, 0o601, 0o666] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = Secret::read(&path).unwrap_err();
        let expected = KeyError::Readable {
            path: path.clone(),
            mode,
        };
        assert_eq!(error, expected);
        let advice = format!("chmod 600 '{}'", path.display());
        assert!(error.to_string().contains(&advice), "{error}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    assert!(Secret::read(&path).is_ok());
    let link = folder.path().join("link");
    symlink(&path, &link).unwrap();
    assert_eq!(
        Secret::read(&link).unwrap_err(),
        KeyError::Link { path: link }
    );
}

#[test]
fn what_is_no_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let with = |rest: &str| [file::HEAD, rest.as_bytes()].concat();
    let texts = [
        Vec::new(),
        file::HEAD.to_vec(),
        ALICE[0].into(),
        with(&ALICE[0][1..]),
        with(&ALICE[0][2..]),
        with(&format!("{}00", ALICE[0])),
        with(&format!("{}\n\n", ALICE[0])),
        with(&ALICE[0].replace('f', "g")),
        vec![0; 10_000],
    ];
    for text in texts {
        let path = written(folder.path(), "key", &text);
        let malformed = KeyError::Malformed { path: path.clone() };
        assert_eq!(Secret::read(&path).unwrap_err(), malformed);
    }
    let missing = folder.path().join("missing");
    let error = Secret::read(&missing).unwrap_err();
    assert!(error.to_string().contains("No such file"), "{error}");
    assert!(matches!(
        Secret::read(folder.path()),
        Err(KeyError::Malformed { .. })
    ));
}

#[test]
fn public_keys_have_one_name() {
    let key: PublicKey = ALICE[1].parse().unwrap();
    assert_eq!(key.to_string().parse(), Ok(key));
    assert_eq!(ALICE[1].to_uppercase().parse(), Ok(key));
    let other_bit = format!("{}ea", &ALICE[1][..62]); // for 6a
    for text in ["", "00", &ALICE[1][1..], &other_bit] {
        assert_eq!(text.parse::<PublicKey>(), Err(NoPublicKey));
    }
}
