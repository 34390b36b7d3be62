//! The KMIP service. So far its lowest layers stand: the [`store`], where objects outlive the process, and [`seal`],
//! which keeps their material from whoever reads the store.

pub mod seal;
pub mod store;
