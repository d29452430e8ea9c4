using Qkms.Core.Callers;
using Qkms.Core.Errors;
using Qkms.Core.Keys;
using Qkms.Core.Names;
using Qkms.Core.Telemetry;
using Qkms.Core.Uses;

namespace Qkms.Core.Encryption;

/// <summary>Finds the key that opens a ciphertext: the one that the request names, or the one that a blob names itself.</summary>
public sealed class BlobKeys(KeyOpener keys, OperationMetrics metrics)
{
    /// <summary>The key, fit for <paramref name="operation"/>.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.DecryptionFailed"/> for a blob of an unknown or foreign key, or what <see cref="KeyOpener"/> refuses.</exception>
    public async ValueTask<OpenedKey> OpenAsync(Caller caller, KeyChoice choice, ReadOnlyMemory<byte> ciphertext, KeyOperation operation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(choice);
        KeySelector selector = choice.ToSelector(operation.Use());
        bool namesVersion = choice.Kid is not null || choice.Version is not null;
        if (namesVersion || !selector.Algorithm.IsSymmetric)
            return await keys.OpenAsync(caller, choice, operation, cancellationToken);

        if (choice.IsExplicit)
            caller.RequireKey(selector.Name);

        if (!BlobV1.TryReadHeader(ciphertext.Span, out _, out KeyVersionId id))
        {
            metrics.Record(OperationMetrics.Begin(), OperationNames.Of(operation), selector.Algorithm, caller.TenantId, Outcomes.Refused);
            throw KmsErrors.DecryptionFailed.Refusal();
        }

        if (await keys.TryOpenAsync(caller, id, operation, cancellationToken) is not { } key)
            throw KmsErrors.DecryptionFailed.Refusal();

        // A logical key that the request names must be the blob's.
        if (!choice.IsExplicit || (key.Version.Algorithm == selector.Algorithm && key.Version.Address.Name == selector.Name))
            return key;

        key.Dispose();
        throw KmsErrors.DecryptionFailed.Refusal();
    }
}
