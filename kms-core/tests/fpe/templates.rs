use kms_core::crypto::CryptoBackend;
use kms_core::fpe::{
    Alphabet, ColumnError, ColumnName, Direction, FpeKey, OnFault, OpaqueTokenizer, RowIds, TEMPLATE_TYPES, Template,
    TemplateError, TokenColumn, Tokenizer, TweakKind, Tweaks, ValueFault,
};
use kms_core::memory::Secret;
use kms_core::record::ByteColumn;

fn key() -> FpeKey {
    FpeKey::new(
        &CryptoBackend::default(),
        Secret::init_with(|key| key.fill(9)),
        "test",
        1,
    )
}

fn template(text: &str) -> Template {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn tokenizer(text: &str) -> Tokenizer {
    Tokenizer::new(&key(), template(text))
}

/// Templates, and values that they take.
const SAMPLES: &[(&str, &[&str])] = &[
    (
        "pan",
        &[
            "4111111111111111",
            "4111 1111-11111111",
            "378282246310005",
            "6304000000000000000",
        ],
    ),
    (
        "pan:bin=6,last=4,luhn=ignore,length=16",
        &["4111111111111111", "4111-1111-1111-1112"],
    ),
    ("pan:bin=4,last=4,luhn=break,length=16", &["4111111111111111"]),
    ("pan:bin=0,last=4,luhn=keep,length=16-19", &["5500005555555559"]),
    ("ssn", &["078-05-1120", "078051120", "078 05 1120"]),
    ("phone", &["+1 (212) 555-0123", "0049 30 123456"]),
    ("digits:first=2,last=2,length=10-12", &["12/345.678-90", "000000000000"]),
    ("email", &["alice@example.org", "a.l+i-c.e2@EXAMPLE.org", "1234@x"]),
    (
        "iban",
        &[
            "DE89370400440532013000",
            "GB29 NWBK 6016 1331 9268 19",
            "NO9386011117947",
        ],
    ),
    ("iban:keep=8,length=22", &["DE89370400440532013000"]),
    (
        "uuid",
        &[
            "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            "F81D4FAE-7DEC-41D0-8765-00A0C91E6BF6",
        ],
    ),
    (
        "date:from=0001-01-01,to=9999-12-31",
        &["2026-11-22", "2000-02-29", "0001-01-01", "9999-12-31"],
    ),
    (
        "datetime:from=1900-01-01T00:00:00,to=2099-12-31T23:59:59",
        &[
            "2026-11-22T06:39:21",
            "2026-11-22 06:39:21Z",
            "1900-01-01T00:00:00",
            "2099-12-31T23:59:59Z",
        ],
    ),
    (
        "integer:min=-500000,max=500000",
        &["0", "-1", "500000", "-500000", "77"],
    ),
    (
        "decimal:min=-9999.99,max=9999.99",
        &["0.00", "-0.01", "9999.99", "12.30"],
    ),
    (
        "text:alphabet=printable,least=4",
        &[
            "hello world",
            "~~~~",
            " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQ",
        ],
    ),
    ("regex:([A-Z]\\d{6})", &["A123456", "Z000000"]),
    ("regex:([A-Z]{2})-(\\d{5})-([a-f]?)", &["AB-12345-", "AB-12345-c"]),
    ("regex:(\\d{3})-(\\d{2})-(\\d{4})", &["078-05-1120"]),
    ("regex@alphanumeric-upper:[A-Z]{2}([A-Z0-9]{7})", &["ABC1D2E3F"]),
    ("regex@=7:äöüßéèê:x([^y]{8,})y?", &["xäöüßéèêä", "xäöüßéèêäêy"]),
];

#[test]
fn tokens_look_like_their_values_and_lead_back() {
    for (text, values) in SAMPLES {
        let tokens = tokenizer(text);
        assert_eq!(
            template(&tokens.template().to_string()).to_string(),
            tokens.template().to_string(),
            "{text}"
        );
        for value in *values {
            let token = tokens
                .encrypt(b"t", value)
                .unwrap_or_else(|fault| panic!("{text}: {fault}"));
            assert_ne!(token, *value, "{text}");
            assert_eq!(tokens.decrypt(b"t", &token).as_deref(), Ok(*value), "{text}");
            assert_ne!(
                tokens.encrypt(b"u", value).as_deref(),
                Ok(&*token),
                "{text}: the tweak says nothing"
            );
            let other = tokens.decrypt(b"u", &token);
            assert_ne!(other.as_deref(), Ok(*value), "{text}");
            if !text.starts_with("integer") && !text.starts_with("decimal") {
                let shape = |text: &str| {
                    text.chars()
                        .map(|c| if c.is_alphanumeric() { 'x' } else { c })
                        .collect::<String>()
                };
                if !text.starts_with("text") {
                    assert_eq!(shape(&token), shape(value), "{text}");
                }
                assert_eq!(token.chars().count(), value.chars().count(), "{text}");
            }
        }
    }
    for data_type in TEMPLATE_TYPES {
        assert!(
            SAMPLES.iter().any(|(text, _)| text.starts_with(data_type.name)),
            "{}",
            data_type.name
        );
        assert_eq!(
            template(data_type.example).to_string(),
            template(&template(data_type.example).to_string()).to_string()
        );
    }
}

#[test]
fn kept_parts_are_kept_and_check_digits_are_right() {
    let luhn = |text: &str| {
        let digits = text.chars().filter_map(|c| c.to_digit(10)).rev().enumerate();
        digits
            .map(|(i, d)| {
                if i % 2 == 0 {
                    d
                } else {
                    [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][d as usize]
                }
            })
            .sum::<u32>()
            % 10
    };
    let cards = |text: &str, tweak: u32| {
        tokenizer(text)
            .encrypt(&tweak.to_be_bytes(), "4111111111111111")
            .unwrap()
    };
    for tweak in 0..50 {
        let kept = cards("pan", tweak);
        assert!(kept.starts_with("411111") && luhn(&kept) == 0);
        let kept = cards("pan:bin=0,last=4,luhn=keep,length=16", tweak);
        assert!(kept.ends_with("1111") && luhn(&kept) == 0);
        let broken = cards("pan:bin=4,last=4,luhn=break,length=16", tweak);
        assert!(broken.starts_with("4111") && broken.ends_with("1111") && luhn(&broken) != 0);
        let mail = tokenizer("email")
            .encrypt(&tweak.to_be_bytes(), "a.lice@Example.org")
            .unwrap();
        assert!(mail.ends_with("@Example.org") && mail.as_bytes()[1] == b'.');
        let iban = tokenizer("iban:keep=8,length=22")
            .encrypt(&tweak.to_be_bytes(), "DE89370400440532013000")
            .unwrap();
        assert!(iban.starts_with("DE") && iban[4..].starts_with("37040044"));
        let digits: String = (iban[4..].to_owned() + &iban[..4])
            .chars()
            .map(|c| c.to_digit(36).unwrap().to_string())
            .collect();
        assert_eq!(
            digits
                .bytes()
                .fold(0, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97),
            1
        );
        let uuid = tokenizer("uuid")
            .encrypt(&tweak.to_be_bytes(), "f81d4fae-7dec-11d0-a765-00a0c91e6bf6")
            .unwrap();
        assert!(uuid.as_bytes()[14] == b'1' && "89ab".contains(char::from(uuid.as_bytes()[19])));
        let mixed = tokenizer("regex:([A-Z]\\d{6})")
            .encrypt(&tweak.to_be_bytes(), "A123456")
            .unwrap();
        assert!(mixed.as_bytes()[0].is_ascii_uppercase() && mixed[1..].bytes().all(|byte| byte.is_ascii_digit()));
        let number: i64 = tokenizer("integer:min=5,max=1000005")
            .encrypt(&tweak.to_be_bytes(), "7")
            .unwrap()
            .parse()
            .unwrap();
        assert!((5..=1_000_005).contains(&number));
    }
}

/// Every value of a small range has its own token.
#[test]
fn walking_is_a_permutation() {
    let tokens = tokenizer("integer:min=1,max=1000000");
    let text: Vec<String> = (1..=1_000_000).map(|number: u32| number.to_string()).collect();
    let (offsets, bytes) = column(&text.iter().map(String::as_str).collect::<Vec<_>>());
    let values = ByteColumn::new(&offsets, &bytes).unwrap();
    let mut out = TokenColumn::new();
    tokens
        .column(Direction::Encrypt, Tweaks::Same(b"t"), &values, OnFault::Stop, &mut out)
        .unwrap();
    let mut seen = vec![false; 1_000_001];
    for row in 0..out.len() {
        seen[out.text(row).unwrap().parse::<usize>().unwrap()] = true;
    }
    assert!(!seen[0] && seen[1..].iter().all(|seen| *seen));
}

#[test]
fn faults_say_where_and_never_what() {
    use ValueFault as F;
    let table: &[(&str, &str, F)] = &[
        ("ssn", "078-05-112x", F::Symbol { position: 11 }),
        ("ssn", "078-05-112", F::TooShort { length: 10, least: 11 }),
        ("ssn", "078-05-11200", F::TooLong { position: 12 }),
        ("pan", "4111111111111112", F::CheckDigits),
        ("email", "bob@example.org", F::TooShort { length: 15, least: 16 }),
        ("email", "Alice@example.org", F::Symbol { position: 1 }),
        ("email", "alice", F::Form("no @ stands in it")),
        ("iban", "DE89370400440532013001", F::CheckDigits),
        ("iban", "D189370400440532013000", F::Symbol { position: 2 }),
        (
            "uuid",
            "f81d4fae-7dec-11d0-c765-00a0c91e6bf6",
            F::Symbol { position: 20 },
        ),
        (
            "uuid",
            "F81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            F::Symbol { position: 4 },
        ),
        ("uuid", "f81d4fae", F::TooShort { length: 8, least: 36 }),
        ("date:from=0001-01-01,to=9999-12-31", "2023-02-29", F::OutOfRange),
        (
            "datetime:from=2000-01-01T00:00:00,to=2099-12-31T23:59:59",
            "1999-12-31T23:59:59",
            F::OutOfRange,
        ),
        ("integer:min=0,max=1000000", "1000001", F::OutOfRange),
        (
            "integer:min=0,max=1000000",
            "99999999999999999999999999999999999999999",
            F::OutOfRange,
        ),
        ("regex:([A-Z]\\d{6})", "AB23456", F::Symbol { position: 2 }),
        ("regex@=7:äöüßéèê:x([^y]{8,})y?", "xäöüßéèa\u{308}ä", F::NotNormalised),
        ("regex@=7:äöüßéèê:x([^y]{8,})y?", "xäöüßéèêz", F::Symbol { position: 9 }),
    ];
    for (text, value, fault) in table {
        let tokens = tokenizer(text);
        assert_eq!(tokens.encrypt(b"t", value), Err(*fault), "{text}");
        assert_eq!(tokens.template().mask(value, '*'), Err(*fault), "{text}");
        let message = fault.to_string();
        assert!(!message.contains(value), "{message}");
    }
    assert_eq!(tokenizer("ssn").encrypt(b"", "078-05-1120"), Err(F::NoTweak));
    // A token of the other kind of Luhn is noticed.
    assert_eq!(
        tokenizer("pan:bin=4,last=4,luhn=break,length=16").decrypt(b"t", "4111111111111111"),
        Err(F::CheckDigits)
    );
}

#[test]
fn weak_and_unclear_templates_are_refused() {
    let refused = |text: &str| text.parse::<Template>().expect_err(text);
    let domain = |text: &str| match refused(text) {
        TemplateError::Domain { values, advice } => (values, advice),
        other => panic!("{text}: {other}"),
    };
    assert_eq!(domain("regex:(\\d{5})").0, 100_000);
    assert!(
        domain("regex:(\\d{5})")
            .1
            .contains("at least 6 symbols of an alphabet of 10, where now 5 are")
    );
    assert_eq!(domain("pan:bin=6,last=4,luhn=keep,length=16").0, 100_000);
    assert_eq!(domain("pan:bin=8,last=4,luhn=ignore,length=16").0, 10_000);
    assert_eq!(domain("date:from=1900-01-01,to=2099-12-31").0, 73_049);
    assert!(
        domain("date:from=1900-01-01,to=2099-12-31")
            .1
            .contains("0001-01-01 to 9999-12-31")
    );
    assert_eq!(domain("integer:min=1,max=999999").0, 999_999);
    assert_eq!(domain("iban:keep=8").0, 1000);
    assert_eq!(domain("text:alphabet=numeric,least=5").0, 100_000);
    assert_eq!(domain("regex:([A-Z]\\d{4})").0, 260_000);
    assert_eq!(refused("regex:\\d{9}"), TemplateError::NothingEncrypted);
    for ambiguous in [
        "regex:(\\d{6,9})(\\d{4})",
        "regex:(\\w+)_x{9}",
        "regex:[a-z]?([a-z]{9})",
        "regex:(\\d+)[-]?\\d",
    ] {
        assert!(
            refused(ambiguous).to_string().contains("several lengths"),
            "{ambiguous}"
        );
    }
    for unclear in [
        "regex:(a|b)",
        "regex:(\\d{9}",
        "regex:\\d{9})",
        "regex:((\\d{9}))",
        "regex:(\\d{9})+",
        "regex:(?=x)(\\d{9})",
        "regex:(\\d{9,4})",
        "regex:(\\d{9}?)",
        "regex:([z-a]{9})",
        "regex:(\\p{L}{9})",
        "regex:([]{9})",
        "regex:x^(\\d{9})",
        "regex:(\\1{9})",
        "regex:*",
        "regex:(\\d{5000})",
        "regex:(\\d{9}\\",
    ] {
        assert!(
            matches!(refused(unclear), TemplateError::Pattern { .. }),
            "{unclear}: {}",
            refused(unclear)
        );
    }
    assert_eq!(refused("pan:bin=6,bin=6"), TemplateError::Parameter("bin".into()));
    assert_eq!(refused("pan:luhn=maybe"), TemplateError::Value("luhn"));
    assert_eq!(
        refused("pan:color=red"),
        TemplateError::Parameter("color=red".split('=').next().unwrap().into())
    );
    assert_eq!(refused("date:from=0001-01-01"), TemplateError::Missing("to"));
    assert_eq!(refused("card"), TemplateError::UnknownType);
    assert_eq!(refused("regex@nothing:(\\d{9})"), TemplateError::UnknownAlphabet);
    assert!(matches!(
        refused("regex@numeric:([a-z]{9})"),
        TemplateError::Pattern { .. }
    ));
}

/// Templates that HashiCorp's pages show.
#[test]
fn templates_of_vault_carry_over() {
    let numeric = Alphabet::named("builtin/numeric").unwrap();
    let upper = Alphabet::named("builtin/alphanumericupper").unwrap();
    let carried = [
        (r"(\d{4})-(\d{4})-(\d{4})-(\d{4})", &numeric, "1111-2222-3333-4444"),
        (
            r"(\d{4})[- ](\d{4})[- ](\d{4})[- ](\d{4})",
            &numeric,
            "1111 2222-3333 4444",
        ),
        (r"(?P<a>\d{3})[- ]?(?<b>\d{2})[- ]?(\d{4})", &numeric, "123-456789"),
        (r"^([A-Z0-9]{9})$", &upper, "A1B2C3D4E"),
        (r"\+\d{1,2} (\d{3})-(\d{3})-(\d{4})", &numeric, "+1 123-345-5678"),
    ];
    for (pattern, alphabet, value) in carried {
        let tokens = Tokenizer::new(&key(), Template::pattern(pattern, Some(alphabet)).unwrap());
        let token = tokens.encrypt(b"t", value).unwrap();
        assert_eq!(tokens.decrypt(b"t", &token).unwrap(), value);
    }
}

#[test]
fn a_column_is_what_its_values_are() {
    for (text, values) in SAMPLES {
        let tokens = tokenizer(text);
        let rows: Vec<&str> = values.iter().copied().cycle().take(values.len() * 300 + 1).collect();
        let (offsets, bytes) = column(&rows);
        let values = ByteColumn::new(&offsets, &bytes).unwrap();
        let ids: Vec<u64> = (0..rows.len() as u64).collect();
        let tweaks = Tweaks::Rows(
            ColumnName {
                table: "t",
                column: "c",
            },
            RowIds::Numbers(&ids),
        );
        let (mut out, mut back) = (TokenColumn::new(), TokenColumn::new());
        tokens
            .column(Direction::Encrypt, tweaks, &values, OnFault::Stop, &mut out)
            .unwrap();
        tokens
            .column(Direction::Decrypt, tweaks, &out.as_column(), OnFault::Stop, &mut back)
            .unwrap();
        let mut same = TokenColumn::new();
        tokens
            .column(
                Direction::Encrypt,
                Tweaks::Same(b"t"),
                &values,
                OnFault::Stop,
                &mut same,
            )
            .unwrap();
        for (row, value) in rows.iter().enumerate() {
            assert_eq!(back.text(row), Some(*value), "{text}");
            assert_eq!(
                same.text(row).map(str::to_owned),
                tokens.encrypt(b"t", value).ok(),
                "{text}"
            );
        }
        assert_ne!(out.text(0), out.text(rows.len() - 1), "{text}: rows of one value");
    }
}

#[test]
fn faults_of_rows_stop_become_null_or_are_listed() {
    let tokens = tokenizer("ssn");
    let (offsets, bytes) = column(&["078-05-1120", "x", "", "078-05-1121", "078-05-112"]);
    let values = ByteColumn::new(&offsets, &bytes)
        .unwrap()
        .with_validity(&[0b11011], 0)
        .unwrap();
    let mut out = TokenColumn::new();
    let run = |on_fault, out: &mut TokenColumn<i32>| {
        out.clear();
        tokens.column(Direction::Encrypt, Tweaks::Same(b"t"), &values, on_fault, out)
    };
    let stopped = run(OnFault::Stop, &mut out).unwrap_err();
    assert_eq!(
        stopped.to_string(),
        "row 1: character 1 is not one that the template allows there"
    );
    assert!(out.is_empty());
    run(OnFault::Null, &mut out).unwrap();
    assert_eq!((out.len(), out.nulls(), out.failed(), out.faults().len()), (5, 3, 2, 0));
    run(OnFault::Report, &mut out).unwrap();
    let rows: Vec<_> = out.faults().iter().map(|fault| fault.row).collect();
    assert_eq!(
        (rows, out.text(0).is_some(), out.text(1), out.text(2)),
        (vec![1, 4], true, None, None)
    );
    assert!(out.text(3).is_some());
    let wrong = tokens.column(
        Direction::Encrypt,
        Tweaks::Rows(NAME, RowIds::Numbers(&[1])),
        &values,
        OnFault::Null,
        &mut out,
    );
    assert_eq!(wrong, Err(ColumnError::Tweaks { tweaks: 1, values: 5 }));
    let wrong = tokens.column(Direction::Encrypt, Tweaks::Same(b""), &values, OnFault::Null, &mut out);
    assert_eq!(wrong, Err(ColumnError::EmptyTweak));
    // A row without an id fails alone.
    let (id_offsets, ids) = column(&["a", "b", "c", "", "e"]);
    let ids = ByteColumn::new(&id_offsets, &ids).unwrap();
    out.clear();
    tokens
        .column(
            Direction::Encrypt,
            Tweaks::Rows(NAME, RowIds::Bytes(ids)),
            &values,
            OnFault::Report,
            &mut out,
        )
        .unwrap();
    assert_eq!(
        out.faults()
            .iter()
            .find(|fault| fault.row == 3)
            .map(|fault| fault.fault),
        Some(ValueFault::NoTweak)
    );
}

#[test]
fn no_two_templates_keys_columns_or_rows_share_tokens() {
    let value = "078051120";
    let mut tokens = std::collections::BTreeSet::new();
    for (key, text) in [(key(), "ssn"), (key(), "digits:length=9"), (key(), "regex:(\\d{9})")] {
        assert!(tokens.insert(Tokenizer::new(&key, template(text)).encrypt(b"t", value).unwrap()));
    }
    let other = FpeKey::new(
        &CryptoBackend::default(),
        Secret::init_with(|key| key.fill(8)),
        "test",
        2,
    );
    assert!(tokens.insert(Tokenizer::new(&other, template("ssn")).encrypt(b"t", value).unwrap()));
    let own = tokenizer("ssn");
    let (offsets, bytes) = column(&[value, value]);
    let values = ByteColumn::new(&offsets, &bytes).unwrap();
    let names =
        [("a", "bc"), ("ab", "c"), ("abc", ""), ("", "abc")].map(|(table, column)| ColumnName { table, column });
    for name in names {
        let mut out = TokenColumn::new();
        own.column(
            Direction::Encrypt,
            Tweaks::Column(name),
            &values,
            OnFault::Stop,
            &mut out,
        )
        .unwrap();
        assert_eq!(out.text(0), out.text(1));
        assert!(tokens.insert(out.text(0).unwrap().into()));
        out.clear();
        own.column(
            Direction::Encrypt,
            Tweaks::Rows(name, RowIds::Numbers(&[1, 2])),
            &values,
            OnFault::Stop,
            &mut out,
        )
        .unwrap();
        assert!(tokens.insert(out.text(0).unwrap().into()) && tokens.insert(out.text(1).unwrap().into()));
        out.clear();
        let eight = 1u64.to_be_bytes();
        let ids = ByteColumn::new(&[0, 8, 8], &eight).unwrap();
        own.column(
            Direction::Encrypt,
            Tweaks::Rows(name, RowIds::Bytes(ids)),
            &values,
            OnFault::Null,
            &mut out,
        )
        .unwrap();
        assert!(
            tokens.insert(out.text(0).unwrap().into()),
            "a number and its bytes are two ids"
        );
    }
    let metadata = own.metadata(TweakKind::Row);
    assert_eq!(own.expect(&metadata.to_string().parse().unwrap()), Ok(()));
    let of_other = Tokenizer::new(&other, template("ssn")).metadata(TweakKind::Row);
    assert_eq!(own.expect(&of_other), Err(ColumnError::Metadata("key version")));
}

#[test]
fn opaque_tokens_are_deterministic_and_noticed_when_altered() {
    let siv = OpaqueTokenizer::siv(&key(), Some(template("ssn")));
    let token = siv.encrypt(b"t", "078-05-1120").unwrap();
    assert_eq!(siv.encrypt(b"t", "078-05-1120").as_ref(), Ok(&token));
    assert_eq!(siv.decrypt(b"t", &token).as_deref(), Ok("078-05-1120"));
    assert_eq!(
        siv.encrypt(b"t", "078-05-112"),
        Err(ValueFault::TooShort { length: 10, least: 11 })
    );
    let any = OpaqueTokenizer::siv(&key(), None);
    for wrong in [
        any.decrypt(b"t", &token),
        siv.decrypt(b"u", &token),
        siv.decrypt(b"t", &token[1..]),
        siv.decrypt(b"t", ""),
    ] {
        assert_eq!(wrong, Err(ValueFault::Token));
    }
    let hmac = OpaqueTokenizer::hmac(&key(), None);
    assert_eq!(hmac.encrypt(b"t", "x").unwrap().len(), 43);
    assert_ne!(hmac.encrypt(b"t", "xy"), hmac.encrypt(b"tx", "y"));
    let (offsets, bytes) = column(&["x", "y"]);
    let mut out = TokenColumn::new();
    let values = ByteColumn::new(&offsets, &bytes).unwrap();
    hmac.column(Direction::Encrypt, Tweaks::Same(b"t"), &values, OnFault::Stop, &mut out)
        .unwrap();
    assert_eq!(out.text(0).map(str::to_owned), hmac.encrypt(b"t", "x").ok());
}

#[test]
fn masks_show_what_is_kept() {
    let masked = |text: &str, value: &str| template(text).mask(value, '*').unwrap();
    assert_eq!(
        masked("pan:bin=6,last=4,luhn=ignore,length=16", "4111 1111 1111 1111"),
        "4111 11** **** 1111"
    );
    assert_eq!(masked("pan", "4111111111111111"), "411111**********");
    assert_eq!(masked("email", "alice.b@example.org"), "*****.*@example.org");
    assert_eq!(
        masked("iban", "DE89 3704 0044 0532 0130 00"),
        "DE** **** **** **** **** **"
    );
    assert_eq!(masked("date:from=0001-01-01,to=9999-12-31", "2026-11-22"), "****-**-**");
}

const NAME: ColumnName<'static> = ColumnName {
    table: "people",
    column: "ssn",
};

fn column(values: &[&str]) -> (Vec<i32>, Vec<u8>) {
    let mut offsets = vec![0];
    let mut bytes = Vec::new();
    for value in values {
        bytes.extend_from_slice(value.as_bytes());
        offsets.push(i32::try_from(bytes.len()).unwrap());
    }
    (offsets, bytes)
}
