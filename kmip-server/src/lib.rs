//! The KMIP service. So far its lowest layer stands: the [`store`], where objects outlive the process.

pub mod store;
