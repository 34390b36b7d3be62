//! The fields, in the order in which they are written. Names and types are OCSF's, but for [`Keystrand`].

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

pub(super) type Text<'a> = Cow<'a, str>;

#[derive(Serialize, Deserialize)]
pub(super) struct Event<'a> {
    pub(super) metadata: Metadata<'a>,
    /// Milliseconds since 1970.
    pub(super) time: u64,
    pub(super) class_uid: u32,
    pub(super) category_uid: u32,
    pub(super) activity_id: u32,
    pub(super) type_uid: u32,
    pub(super) severity_id: u32,
    pub(super) status_id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status_code: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status_detail: Option<Text<'a>>,
    pub(super) actor: Actor<'a>,
    pub(super) src_endpoint: Endpoint<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dst_endpoint: Option<Endpoint<'a>>,
    pub(super) api: Api<'a>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) resources: Vec<Resource<'a>>,
    pub(super) unmapped: Unmapped<'a>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Metadata<'a> {
    pub(super) version: Text<'a>,
    pub(super) product: Product<'a>,
    pub(super) uid: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) correlation_uid: Option<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Product<'a> {
    pub(super) name: Text<'a>,
    pub(super) vendor_name: Text<'a>,
    pub(super) version: Text<'a>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Actor<'a> {
    pub(super) app_name: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<User<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) process: Option<Process<'a>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct User<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uid: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) domain: Option<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Process<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pid: Option<u32>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Endpoint<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hostname: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ip: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) svc_name: Option<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Api<'a> {
    pub(super) operation: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request: Option<Request<'a>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Request<'a> {
    /// Links an outcome to its intent: the id of the intent event, in both.
    pub(super) uid: Text<'a>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Resource<'a> {
    #[serde(rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uid: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Unmapped<'a> {
    pub(super) keystrand: Keystrand<'a>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Keystrand<'a> {
    pub(super) phase: Text<'a>,
    /// A string: JSON numbers are exact to 2^53 only.
    pub(super) unix_nanos: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) span_id: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) suite: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) header: Option<Header<'a>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) attempts: Vec<Call<'a>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Header<'a> {
    pub(super) seq: u64,
    pub(super) tag: Text<'a>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Call<'a> {
    pub(super) kek: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<Text<'a>>,
    pub(super) operation: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request_id: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) region: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status_code: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status_detail: Option<Text<'a>>,
}
