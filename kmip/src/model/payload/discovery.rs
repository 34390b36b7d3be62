//! What a server can do, its defaults and constraints.

use crate::model::{
    CapabilityInformation, Constraints, DefaultsInformation, ExtensionInformation, ObjectGroups, ProfileInformation,
    ProtectionStorageMasks, RngParameters, ServerInformation, ValidationInformation,
};
use crate::registry::{
    AttestationType, ClientRegistrationMethod, EndpointRole, InteropFunction, ObjectType, Operation, QueryFunction,
    tag::{
        APPLICATION_NAMESPACE, ATTESTATION_TYPE, CAPABILITY_INFORMATION, CLIENT_REGISTRATION_METHOD, CONSTRAINTS,
        DEFAULTS_INFORMATION, ENDPOINT_ROLE, EXTENSION_INFORMATION, INTEROP_FUNCTION, INTEROP_IDENTIFIER, LOG_MESSAGE,
        OBJECT_GROUPS, OBJECT_TYPE, OPERATION, PROFILE_INFORMATION, PROTECTION_STORAGE_MASKS, PROTOCOL_VERSION,
        QUERY_FUNCTION, RNG_PARAMETERS, SERVER_INFORMATION, VALIDATION_INFORMATION, VENDOR_IDENTIFICATION,
    },
};
use crate::value::Text;
use crate::version::ProtocolVersion;
use crate::wire::{at, structures, v2};

structures! {
    /// Asks which versions the other side speaks; from 1.1.
    #[derive(Default)]
    DiscoverVersionsRequest {
        /// Those of the client, the preferred first; none asks for all.
        protocol_version: Vec<ProtocolVersion> = at(PROTOCOL_VERSION),
    }

    /// The versions that both speak, the preferred first.
    #[derive(Default)]
    DiscoverVersionsResponse {
        protocol_version: Vec<ProtocolVersion> = at(PROTOCOL_VERSION),
    }

    /// Asks what the server can do.
    #[derive(Default)]
    QueryRequest {
        query_function: Vec<QueryFunction> = at(QUERY_FUNCTION),
        object_groups: Option<ObjectGroups> = v2(OBJECT_GROUPS).since(ProtocolVersion::V2_1),
    }

    /// What it can do.
    #[derive(Default)]
    QueryResponse {
        operation: Vec<Operation> = at(OPERATION),
        object_type: Vec<ObjectType> = at(OBJECT_TYPE),
        vendor_identification: Option<Text> = at(VENDOR_IDENTIFICATION),
        server_information: Option<ServerInformation> = at(SERVER_INFORMATION),
        application_namespace: Vec<Text> = at(APPLICATION_NAMESPACE),
        extension_information: Vec<ExtensionInformation> = at(EXTENSION_INFORMATION).since(ProtocolVersion::V1_1),
        attestation_type: Vec<AttestationType> = at(ATTESTATION_TYPE).since(ProtocolVersion::V1_2),
        rng_parameters: Vec<RngParameters> = at(RNG_PARAMETERS).since(ProtocolVersion::V1_3),
        profile_information: Vec<ProfileInformation> = at(PROFILE_INFORMATION).since(ProtocolVersion::V1_3),
        validation_information: Vec<ValidationInformation> = at(VALIDATION_INFORMATION).since(ProtocolVersion::V1_3),
        capability_information: Vec<CapabilityInformation> = at(CAPABILITY_INFORMATION).since(ProtocolVersion::V1_3),
        client_registration_method: Vec<ClientRegistrationMethod> = at(CLIENT_REGISTRATION_METHOD)
            .since(ProtocolVersion::V1_3),
        defaults_information: Option<DefaultsInformation> = v2(DEFAULTS_INFORMATION),
        protection_storage_masks: Option<ProtectionStorageMasks> = v2(PROTECTION_STORAGE_MASKS),
    }

    /// Who is server and who is client from now on; from 2.0.
    SetEndpointRoleRequest {
        endpoint_role: EndpointRole = at(ENDPOINT_ROLE),
    }

    /// The role that was taken.
    SetEndpointRoleResponse {
        endpoint_role: EndpointRole = at(ENDPOINT_ROLE),
    }

    /// Asks whether anyone is there; from 2.1.
    #[derive(Default)]
    PingRequest {}

    /// Yes.
    #[derive(Default)]
    PingResponse {}

    /// Brings a line for the server's log; from 2.0.
    LogRequest {
        log_message: Text = at(LOG_MESSAGE),
    }

    /// It is in the log.
    #[derive(Default)]
    LogResponse {}

    /// Begins, resets or ends a test; from 2.0.
    InteropRequest {
        interop_function: InteropFunction = at(INTEROP_FUNCTION),
        interop_identifier: Option<Text> = at(INTEROP_IDENTIFIER),
    }

    /// Done.
    #[derive(Default)]
    InteropResponse {}

    /// Sets the defaults of new objects; from 2.1.
    #[derive(Default)]
    SetDefaultsRequest {
        defaults_information: Option<DefaultsInformation> = at(DEFAULTS_INFORMATION),
    }

    /// They are set.
    #[derive(Default)]
    SetDefaultsResponse {}

    /// Sets the constraints of new objects; from 2.1.
    SetConstraintsRequest {
        constraints: Constraints = at(CONSTRAINTS),
    }

    /// They are set.
    #[derive(Default)]
    SetConstraintsResponse {}

    /// Asks for the constraints of new objects; from 2.1.
    #[derive(Default)]
    GetConstraintsRequest {}

    /// The constraints.
    GetConstraintsResponse {
        constraints: Constraints = at(CONSTRAINTS),
    }
}
