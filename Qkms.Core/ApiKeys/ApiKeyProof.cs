namespace Qkms.Core.ApiKeys;

/// <summary>What is left of a presented API key once its text is gone: the id that finds the row, and the keyed hash that proves.</summary>
public sealed class ApiKeyProof
{
    private readonly (Guid HashKeyId, byte[] Verifier)[] _verifiers;

    internal ApiKeyProof(string lookupId, (Guid HashKeyId, byte[] Verifier)[] verifiers) => (LookupId, _verifiers) = (lookupId, verifiers);

    internal string LookupId { get; }

    /// <summary>The hash under the newest key of the keyring.</summary>
    internal (Guid HashKeyId, byte[] Verifier) Newest => _verifiers[^1];

    /// <summary>The hash under one key of the keyring, or null when there is no such key.</summary>
    internal byte[]? VerifierUnder(Guid hashKeyId) => Array.Find(_verifiers, verifier => verifier.HashKeyId == hashKeyId).Verifier;
}
