use kms_core::crypto::CryptoBackend;
use kms_core::fpe::{
    ColumnName, Direction, FpeKey, OnFault, OpaqueTokenizer, RowIds, Template, TokenColumn, Tokenizer, Tweaks,
};
use kms_core::memory::Secret;
use kms_core::record::ByteColumn;
use serde_json::Value;

/// Tokens that the independent implementation made (tests/oracle/fpe.py): they stay what they are.
#[test]
fn tokens_are_those_of_the_oracle() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/fpe.json");
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let cases = file["cases"].as_array().unwrap();
    for case in cases {
        let [value, token] = ["value", "token"].map(|field| case[field].as_str().unwrap());
        assert_eq!(
            transform(case, Direction::Encrypt, value).as_deref(),
            Some(token),
            "{case}"
        );
        let back = transform(case, Direction::Decrypt, token);
        assert_eq!(back.as_deref(), (case["method"] != "hmac").then_some(value), "{case}");
    }
    println!("tokens of the oracle: {} as expected", cases.len());
    assert!(cases.len() > 80);
}

fn transform(case: &Value, direction: Direction, text: &str) -> Option<String> {
    let secret = data_encoding::HEXLOWER
        .decode(case["secret"].as_str()?.as_bytes())
        .unwrap();
    let secret = Secret::init_with(|key| key.copy_from_slice(&secret));
    let key = FpeKey::new(&CryptoBackend::default(), secret, "golden", 1);
    let template: Option<Template> = case["template"]
        .as_str()
        .filter(|text| !text.is_empty())
        .map(|t| t.parse().unwrap());
    let ends = |text: &str| [0, i32::try_from(text.len()).unwrap()];
    let offsets = ends(text);
    let values = ByteColumn::new(&offsets, text.as_bytes()).unwrap();
    let number = [case["row"].as_u64().unwrap_or_default()];
    let id = case["row"].as_str().unwrap_or_default();
    let id_offsets = ends(id);
    let ids = ByteColumn::new(&id_offsets, id.as_bytes()).unwrap();
    let name = || ColumnName {
        table: case["table"].as_str().unwrap(),
        column: case["column"].as_str().unwrap(),
    };
    let tweaks = match (&case["tweak"], &case["row"]) {
        (Value::String(tweak), _) => Tweaks::Same(tweak.as_bytes()),
        (_, Value::Null) => Tweaks::Column(name()),
        (_, Value::Number(_)) => Tweaks::Rows(name(), RowIds::Numbers(&number)),
        _ => Tweaks::Rows(name(), RowIds::Bytes(ids)),
    };
    let mut out = TokenColumn::new();
    match case["method"].as_str()? {
        "ff1" => Tokenizer::new(&key, template?).column(direction, tweaks, &values, OnFault::Null, &mut out),
        "siv" => OpaqueTokenizer::siv(&key, template).column(direction, tweaks, &values, OnFault::Null, &mut out),
        _ => OpaqueTokenizer::hmac(&key, template).column(direction, tweaks, &values, OnFault::Null, &mut out),
    }
    .unwrap();
    out.text(0).map(str::to_owned)
}
