//! The payloads of all operations (KMIP 2.1, section 6; 1.4, section 4), and the enums over them.

mod attribute;
mod certificate;
mod cryptography;
mod discovery;
mod lifecycle;
mod object;
mod session;
mod split;
#[cfg(test)]
mod tests;

pub use attribute::*;
pub use certificate::*;
pub use cryptography::*;
pub use discovery::*;
pub use lifecycle::*;
pub use object::*;
pub use session::*;
pub use split::*;

use super::Invalid;
use crate::registry::Operation;
use crate::ttlv::{DecodeError, Item, RawItem, Tag, Writer};
use crate::version::ProtocolVersion;
use crate::wire::Wire;

/// A request of one operation, and the response that belongs to it.
pub trait Call: Into<RequestPayload> {
    /// The operation.
    const OPERATION: Operation;

    /// What a server answers.
    type Response;

    /// The response, if it is one of this operation.
    fn response(payload: ResponsePayload) -> Option<Self::Response>;
}

macro_rules! operations {
    ($( $name:ident = $operation:ident: $request:ident => $response:ident, )*) => {
        /// What an operation is asked. Boxed, so that a batch of many small items takes no more than they need.
        #[derive(Debug)]
        pub enum RequestPayload {
            $(
                #[doc = concat!("`", stringify!($name), "`")]
                $name(Box<$request>),
            )*
            /// An operation that this crate does not know: a server answers OperationNotSupported.
            Unknown(Operation, RawItem),
            /// A payload that does not read.
            Invalid(Invalid),
        }

        /// What an operation answers.
        #[derive(Debug)]
        pub enum ResponsePayload {
            $(
                #[doc = concat!("`", stringify!($name), "`")]
                $name(Box<$response>),
            )*
            /// Of an operation that this crate does not know, or of an item that names none.
            Unknown(Option<Operation>, RawItem),
        }

        /// The fields of the request and of the response of each operation.
        #[cfg(test)]
        const SLOTS: &[(Operation, &[crate::wire::Slot], &[crate::wire::Slot])] =
            &[$( (Operation::$operation, $request::SLOTS, $response::SLOTS) ),*];

        impl RequestPayload {
            /// The operation.
            pub fn operation(&self) -> Operation {
                match self {
                    $( Self::$name(_) => Operation::$operation, )*
                    Self::Unknown(operation, _) => *operation,
                    Self::Invalid(invalid) => invalid.operation,
                }
            }

            pub(super) fn decode(operation: Operation, item: &Item<'_>) -> Result<Self, DecodeError> {
                let payload = match operation {
                    $( Operation::$operation => Wire::decode(item).map(Box::new).map(Self::$name), )*
                    _ => return RawItem::decode(item).map(|raw| Self::Unknown(operation, raw)),
                };
                match payload {
                    // What is not even TTLV, or meets a cap, is the fault of the whole message.
                    Err(error) => Ok(Self::Invalid(Invalid {
                        operation,
                        error,
                        payload: RawItem::decode(item)?,
                    })),
                    payload => payload,
                }
            }

            pub(super) fn encode(&self, tag: Tag, out: &mut Writer, version: ProtocolVersion) {
                match self {
                    $( Self::$name(payload) => payload.encode(tag, out, version), )*
                    Self::Unknown(_, raw) => out.raw(tag, raw),
                    Self::Invalid(invalid) => out.raw(tag, &invalid.payload),
                }
            }
        }

        impl ResponsePayload {
            /// The operation; of an item that names none, 0.
            pub fn operation(&self) -> Operation {
                match self {
                    $( Self::$name(_) => Operation::$operation, )*
                    Self::Unknown(operation, _) => operation.unwrap_or(Operation(0)),
                }
            }

            pub(super) fn decode(operation: Option<Operation>, item: &Item<'_>) -> Result<Self, DecodeError> {
                match operation {
                    $( Some(Operation::$operation) => Wire::decode(item).map(Box::new).map(Self::$name), )*
                    _ => RawItem::decode(item).map(|raw| Self::Unknown(operation, raw)),
                }
            }
        }

        impl crate::wire::Field for Option<ResponsePayload> {
            type Partial = Self;

            fn accept(_: &mut Self, item: &Item<'_>) -> Result<(), DecodeError> {
                Err(item.error(crate::ttlv::Fault::UnexpectedType))
            }

            fn finish(partial: Self, _: &Item<'_>, _: Tag) -> Result<Self, DecodeError> {
                Ok(partial)
            }

            fn emit(&self, tag: Tag, out: &mut Writer, version: ProtocolVersion) {
                match self {
                    None => {}
                    $( Some(ResponsePayload::$name(payload)) => payload.encode(tag, out, version), )*
                    Some(ResponsePayload::Unknown(_, raw)) => out.raw(tag, raw),
                }
            }
        }

        $(
            impl From<$request> for RequestPayload {
                fn from(payload: $request) -> Self {
                    Self::$name(Box::new(payload))
                }
            }

            impl From<$response> for ResponsePayload {
                fn from(payload: $response) -> Self {
                    Self::$name(Box::new(payload))
                }
            }

            impl Call for $request {
                const OPERATION: Operation = Operation::$operation;

                type Response = $response;

                fn response(payload: ResponsePayload) -> Option<$response> {
                    match payload {
                        ResponsePayload::$name(response) => Some(*response),
                        _ => None,
                    }
                }
            }
        )*
    };
}

operations! {
    Create = CREATE: CreateRequest => CreateResponse,
    CreateKeyPair = CREATE_KEY_PAIR: CreateKeyPairRequest => CreateKeyPairResponse,
    Register = REGISTER: RegisterRequest => RegisterResponse,
    ReKey = RE_KEY: ReKeyRequest => ReKeyResponse,
    DeriveKey = DERIVE_KEY: DeriveKeyRequest => DeriveKeyResponse,
    Certify = CERTIFY: CertifyRequest => CertifyResponse,
    ReCertify = RE_CERTIFY: ReCertifyRequest => ReCertifyResponse,
    Locate = LOCATE: LocateRequest => LocateResponse,
    Check = CHECK: CheckRequest => CheckResponse,
    Get = GET: GetRequest => GetResponse,
    GetAttributes = GET_ATTRIBUTES: GetAttributesRequest => GetAttributesResponse,
    GetAttributeList = GET_ATTRIBUTE_LIST: GetAttributeListRequest => GetAttributeListResponse,
    AddAttribute = ADD_ATTRIBUTE: AddAttributeRequest => AddAttributeResponse,
    ModifyAttribute = MODIFY_ATTRIBUTE: ModifyAttributeRequest => ModifyAttributeResponse,
    DeleteAttribute = DELETE_ATTRIBUTE: DeleteAttributeRequest => DeleteAttributeResponse,
    ObtainLease = OBTAIN_LEASE: ObtainLeaseRequest => ObtainLeaseResponse,
    GetUsageAllocation = GET_USAGE_ALLOCATION: GetUsageAllocationRequest => GetUsageAllocationResponse,
    Activate = ACTIVATE: ActivateRequest => ActivateResponse,
    Revoke = REVOKE: RevokeRequest => RevokeResponse,
    Destroy = DESTROY: DestroyRequest => DestroyResponse,
    Archive = ARCHIVE: ArchiveRequest => ArchiveResponse,
    Recover = RECOVER: RecoverRequest => RecoverResponse,
    Validate = VALIDATE: ValidateRequest => ValidateResponse,
    Query = QUERY: QueryRequest => QueryResponse,
    Cancel = CANCEL: CancelRequest => CancelResponse,
    Poll = POLL: PollRequest => PollResponse,
    Notify = NOTIFY: NotifyRequest => NotifyResponse,
    Put = PUT: PutRequest => PutResponse,
    ReKeyKeyPair = RE_KEY_KEY_PAIR: ReKeyKeyPairRequest => ReKeyKeyPairResponse,
    DiscoverVersions = DISCOVER_VERSIONS: DiscoverVersionsRequest => DiscoverVersionsResponse,
    Encrypt = ENCRYPT: EncryptRequest => EncryptResponse,
    Decrypt = DECRYPT: DecryptRequest => DecryptResponse,
    Sign = SIGN: SignRequest => SignResponse,
    SignatureVerify = SIGNATURE_VERIFY: SignatureVerifyRequest => SignatureVerifyResponse,
    Mac = MAC: MacRequest => MacResponse,
    MacVerify = MAC_VERIFY: MacVerifyRequest => MacVerifyResponse,
    RngRetrieve = RNG_RETRIEVE: RngRetrieveRequest => RngRetrieveResponse,
    RngSeed = RNG_SEED: RngSeedRequest => RngSeedResponse,
    Hash = HASH: HashRequest => HashResponse,
    CreateSplitKey = CREATE_SPLIT_KEY: CreateSplitKeyRequest => CreateSplitKeyResponse,
    JoinSplitKey = JOIN_SPLIT_KEY: JoinSplitKeyRequest => JoinSplitKeyResponse,
    Import = IMPORT: ImportRequest => ImportResponse,
    Export = EXPORT: ExportRequest => ExportResponse,
    Log = LOG: LogRequest => LogResponse,
    Login = LOGIN: LoginRequest => LoginResponse,
    Logout = LOGOUT: LogoutRequest => LogoutResponse,
    DelegatedLogin = DELEGATED_LOGIN: DelegatedLoginRequest => DelegatedLoginResponse,
    AdjustAttribute = ADJUST_ATTRIBUTE: AdjustAttributeRequest => AdjustAttributeResponse,
    SetAttribute = SET_ATTRIBUTE: SetAttributeRequest => SetAttributeResponse,
    SetEndpointRole = SET_ENDPOINT_ROLE: SetEndpointRoleRequest => SetEndpointRoleResponse,
    Pkcs11 = PKCS_11: Pkcs11Request => Pkcs11Response,
    Interop = INTEROP: InteropRequest => InteropResponse,
    ReProvision = RE_PROVISION: ReProvisionRequest => ReProvisionResponse,
    SetDefaults = SET_DEFAULTS: SetDefaultsRequest => SetDefaultsResponse,
    SetConstraints = SET_CONSTRAINTS: SetConstraintsRequest => SetConstraintsResponse,
    GetConstraints = GET_CONSTRAINTS: GetConstraintsRequest => GetConstraintsResponse,
    QueryAsynchronousRequests = QUERY_ASYNCHRONOUS_REQUESTS: QueryAsynchronousRequestsRequest =>
        QueryAsynchronousRequestsResponse,
    Process = PROCESS: ProcessRequest => ProcessResponse,
    Ping = PING: PingRequest => PingResponse,
}
