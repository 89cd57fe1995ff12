//! C26: who may charge, decided by a setting.

use crate::attack::line::{Lines, Sight};
use crate::wire::setting::{Variable, key, variable, variables};

/// Settings that let people charge who may not, in all spellings.
pub(super) fn attacks(sight: &Sight) -> Lines {
    let mut lines = Lines::default();
    let v16 = sight.is_v16();
    let mut old = |name, setting, value| lines.add_if(v16, name, || key(setting, value));
    old("unknown tokens charge offline", "AllowOfflineTxForUnknownId", "true");
    old("the same, shouted", "ALLOWOFFLINETXFORUNKNOWNID", "TRUE");
    old("the same, with blanks", " AllowOfflineTxForUnknownId ", " true ");
    old("the same, as a number", "AllowOfflineTxForUnknownId", "1");
    old("the same, in words", "AllowOfflineTxForUnknownId", "yes");
    old("listed tokens charge before they are asked about", "LocalPreAuthorize", "true");
    old("remote starts are not asked about", "AuthorizeRemoteTxRequests", "false");
    old("the same, as a number", "AuthorizeRemoteTxRequests", "0");
    old("sessions of invalid tokens go on", "StopTransactionOnInvalidId", "false");
    old("the same, empty", "StopTransactionOnInvalidId", "");
    old("energy for invalid tokens", "MaxEnergyOnInvalidId", "999999");
    old("a little energy for invalid tokens", "MaxEnergyOnInvalidId", "5000");
    old("a vendor's free mode", "FreevendEnabled", "true");
    old("a vendor's free mode, other words", "FreeCharging", "1");
    old("a vendor's token for everybody", "FreevendIdTag", "A77ACKE2");
    old("a vendor's plug and charge without asking", "AuthorizationRequired", "false");
    old("a vendor's way to switch it off", "AuthDisabled", "true");

    let v2x = !v16;
    let mut new = |name, component, of, value| {
        lines.add_if(v2x, name, || variable(component, of, value));
    };
    new("unknown tokens charge offline", "AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true");
    new("the same, shouted", "AUTHCTRLR", "OFFLINETXFORUNKNOWNIDENABLED", "TRUE");
    new("the same, with blanks", "AuthCtrlr ", " OfflineTxForUnknownIdEnabled", " True ");
    new("the same, as a number", "AuthCtrlr", "OfflineTxForUnknownIdEnabled", "1");
    new("remote starts are not asked about", "AuthCtrlr", "AuthorizeRemoteStart", "false");
    new("nobody is asked about", "AuthCtrlr", "Enabled", "false");
    new("the management system is not asked", "AuthCtrlr", "DisableRemoteAuthorization", "true");
    new("listed tokens charge before they are asked about", "AuthCtrlr", "LocalPreAuthorization", "true");
    new("a master group of one's own", "AuthCtrlr", "MasterPassGroupId", "A77ACKE2");
    new("sessions of invalid tokens go on", "TxCtrlr", "StopTxOnInvalidId", "false");
    new("energy for invalid tokens", "TxCtrlr", "MaxEnergyOnInvalidId", "999999");
    new("a vendor's free mode", "AuthCtrlr", "FreeVend", "true");
    lines.add_if(v2x, "among nine harmless ones", || {
        let harmless = Variable::new("OCPPCommCtrlr", "HeartbeatInterval");
        let mut writes = vec![(harmless, "300"); 5];
        writes.push((Variable::new("AuthCtrlr", "OfflineTxForUnknownIdEnabled"), "true"));
        writes.extend(vec![(Variable::new("SampledDataCtrlr", "TxUpdatedInterval"), "60"); 4]);
        variables(&writes)
    });
    lines.add_if(v2x, "as a target value", || {
        let target = Variable {
            attribute: Some("Target"),
            ..Variable::new("AuthCtrlr", "OfflineTxForUnknownIdEnabled")
        };
        variables(&[(target, "true")])
    });
    lines.add_if(v2x, "of one EVSE", || {
        let one = Variable { evse: Some(1), ..Variable::new("AuthCtrlr", "Enabled") };
        variables(&[(one, "false")])
    });
    lines.add_if(v2x, "of an instance that nobody knows", || {
        let one = Variable { of: Some("1"), ..Variable::new("AuthCtrlr", "AuthorizeRemoteStart") };
        variables(&[(one, "false")])
    });
    lines
}

/// The same settings the other way, and others of their neighbourhood.
pub(super) fn twins(sight: &Sight) -> Lines {
    let mut lines = Lines::default();
    let v16 = sight.is_v16();
    let mut old = |name, setting, value| lines.add_if(v16, name, || key(setting, value));
    old("remote starts are asked about", "AuthorizeRemoteTxRequests", "true");
    old("sessions of invalid tokens end", "StopTransactionOnInvalidId", "true");
    old("unknown tokens do not charge offline", "AllowOfflineTxForUnknownId", "false");
    old("no energy for invalid tokens", "MaxEnergyOnInvalidId", "0");
    old("drivers have a minute to plug in", "ConnectionTimeOut", "60");
    old("the list of tokens is used", "LocalAuthListEnabled", "true");
    let v2x = !v16;
    let mut new = |name, component, of, value| {
        lines.add_if(v2x, name, || variable(component, of, value));
    };
    new("remote starts are asked about", "AuthCtrlr", "AuthorizeRemoteStart", "true");
    new("sessions of invalid tokens end", "TxCtrlr", "StopTxOnInvalidId", "true");
    new("unknown tokens do not charge offline", "AuthCtrlr", "OfflineTxForUnknownIdEnabled", "false");
    new("no energy for invalid tokens", "TxCtrlr", "MaxEnergyOnInvalidId", "0");
    new("drivers have a minute to plug in", "TxCtrlr", "EVConnectionTimeOut", "60");
    new("the list of tokens is used", "LocalAuthListCtrlr", "Enabled", "true");
    lines
}
