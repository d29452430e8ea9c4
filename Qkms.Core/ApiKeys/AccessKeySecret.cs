using Qkms.Core.Sealing;

namespace Qkms.Core.ApiKeys;

/// <summary>
/// The secret of an access key as its row keeps it: <see cref="KeyWrap"/> for <see cref="KeyWrapPurpose.CredentialSecret"/>, bound to
/// tenant, credential, kind and look-up id. It opens in its own row and nowhere else.
/// </summary>
internal static class AccessKeySecret
{
    private const byte Format = 1;

    /// <summary>Wraps the secret of a credential.</summary>
    public static byte[] Wrap(WrappingKey wrappingKey, Credential credential, SecretBytes secret) =>
        KeyWrap.Protect(KeyWrapPurpose.CredentialSecret, wrappingKey, BindingOf(credential), secret.Span);

    /// <summary>The secret, to be disposed of by the caller.</summary>
    /// <param name="wrappingKeys">Every key that may have wrapped it, the newest last.</param>
    /// <param name="credential">The credential.</param>
    /// <exception cref="SealBrokenException">It was changed, moved or damaged.</exception>
    public static SecretBytes Open(IReadOnlyList<WrappingKey> wrappingKeys, Credential credential)
    {
        byte[] binding = BindingOf(credential);
        for (int i = wrappingKeys.Count - 1; i >= 0; i--)
        {
            if (KeyWrap.TryOpen(KeyWrapPurpose.CredentialSecret, wrappingKeys[i], binding, credential.SealedSecret) is { } secret)
                return secret;
        }

        throw new SealBrokenException($"the secret of {credential.LogName}");
    }

    private static byte[] BindingOf(Credential credential) => new CanonicalWriter(Format)
        .Add(credential.TenantId.Value)
        .Add(credential.Id.Value)
        .Add(credential.Kind)
        .Add(credential.LookupId)
        .Written.ToArray();
}
