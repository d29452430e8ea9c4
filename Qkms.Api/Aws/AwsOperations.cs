using System.Collections.Frozen;

namespace Qkms.Api.Aws;

/// <summary>The operations of AWS KMS that Qkms does not have, by what is missing for them.</summary>
internal static class AwsOperations
{
    private static readonly FrozenDictionary<string, string> _missing = new Dictionary<string, string[]>
    {
        ["There are no grants: narrow an access key instead."] =
            ["CreateGrant", "ListGrants", "ListRetirableGrants", "RetireGrant", "RevokeGrant"],
        ["Key material is not imported: keys are made here."] =
            ["GetParametersForImport", "ImportKeyMaterial", "DeleteImportedKeyMaterial"],
        ["There are no custom key stores."] =
        [
            "ConnectCustomKeyStore", "CreateCustomKeyStore", "DeleteCustomKeyStore", "DescribeCustomKeyStores",
            "DisconnectCustomKeyStore", "UpdateCustomKeyStore",
        ],
        ["There are no multi-Region keys: the region of a request may be any."] = ["ReplicateKey", "UpdatePrimaryRegion"],
        ["There are no keys for key agreement: encapsulate instead."] = ["DeriveSharedSecret"],
    }.SelectMany(reason => reason.Value.Select(operation => (Operation: operation, Reason: reason.Key)))
        .ToFrozenDictionary(missing => missing.Operation, missing => missing.Reason);

    /// <summary>Their names.</summary>
    public static IEnumerable<string> Missing => _missing.Keys;

    /// <summary>The refusal of an operation that no route has.</summary>
    public static KmsException Refuse(string? operation) => operation is not null && _missing.TryGetValue(operation, out string? reason)
        ? AwsErrors.Unsupported.With($"{operation} is not supported. {reason}")
        : AwsErrors.UnknownOperation.Refusal();
}
