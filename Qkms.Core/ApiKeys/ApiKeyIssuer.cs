using System.Security.Cryptography;
using System.Text;
using Qkms.Core.Callers;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.ApiKeys;

/// <summary>Makes API keys: the text, which is shown once, and the row, which holds only its keyed hash.</summary>
internal sealed class ApiKeyIssuer(ApiKeyOptions options, Keyring keyring, RowSealer sealer, IdGenerator ids, TimeProvider time)
{
    /// <summary>A fresh key of a tenant. Nothing is stored yet.</summary>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="label">A text for people.</param>
    /// <param name="roles">Its roles.</param>
    /// <param name="permissions">The operations that it is narrowed to, parted by spaces; null = all that its roles allow.</param>
    /// <param name="keyScope">The key names that it is narrowed to, parted by spaces; null = all.</param>
    /// <param name="expiresAt">When it ends; null = never.</param>
    /// <param name="kind"><see cref="Credential.ApiKeyKind"/>, or <see cref="Credential.AccessKeyKind"/> for an access key.</param>
    public NewApiKey Issue(
        TenantId tenantId,
        string label,
        Roles roles,
        string? permissions = null,
        string? keyScope = null,
        DateTimeOffset? expiresAt = null,
        string kind = Credential.ApiKeyKind)
    {
        Credential template = new()
        {
            Id = new CredentialId(ids.Next()),
            TenantId = tenantId,
            Kind = kind,
            LookupId = "",
            Label = label,
            Roles = roles,
            Permissions = permissions,
            KeyScope = keyScope,
            ExpiresAt = expiresAt,
            State = CredentialState.Active,
            CreatedAt = time.GetUtcMilliseconds(),
        };
        return kind == Credential.AccessKeyKind ? IssueAccessKey(template) : IssueApiKey(template);
    }

    private NewApiKey IssueApiKey(Credential template)
    {
        SecretBytes text = SecretBytes.Allocate(ApiKeyFormat.LengthOf(options.Prefix), out Span<byte> destination);
        WrappingKey hashKey = keyring.CredentialHashKey;
        ApiKeyFormat.WriteNew(options.Prefix, hashKey, destination);
        byte[] verifier = new byte[HMACSHA256.HashSizeInBytes];
        ApiKeyHash.Compute(hashKey, text.Span, verifier);
        Credential credential = template with
        {
            LookupId = Encoding.ASCII.GetString(ApiKeyFormat.IdOf(text.Span)),
            Verifier = verifier,
            HashKeyId = hashKey.Id,
        };
        return new NewApiKey(text, sealer.Seal(credential));
    }

    private NewApiKey IssueAccessKey(Credential template)
    {
        SecretBytes secret = AccessKeyFormat.NewSecret();
        Credential credential = template with { LookupId = AccessKeyFormat.NewId(keyring.CredentialHashKey) };
        credential = credential with { SealedSecret = AccessKeySecret.Wrap(keyring.CredentialSecretKey, credential, secret) };
        return new NewApiKey(secret, sealer.Seal(credential));
    }
}

/// <summary>An API key at the only moment when its text exists here.</summary>
/// <param name="Text">The whole text, ASCII; of an access key the secret.</param>
/// <param name="Credential">The row to store.</param>
internal sealed record NewApiKey(SecretBytes Text, Sealed<Credential> Credential) : IDisposable
{
    /// <summary>Does something with it; if that fails, the text is zeroed.</summary>
    public async Task<T> OrDisposeAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Zeroes the text.</summary>
    public void Dispose() => Text.Dispose();
}
