using System.Security.Cryptography;
using Qkms.Core.Algorithms;
using Qkms.Core.Cryptography;
using Qkms.Core.Installation;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Backups;

/// <summary>
/// Uses private keys of a restored database at random, as their owners would: it signs and verifies, encrypts and decrypts.
/// </summary>
internal sealed class KeySample(
    IFormerRowRepository rows, IKeyRepository keys, IKeyringRepository keyrings, Keyring keyring, RowSealer sealer, PqcEngine engine)
{
    private const int MessageSize = 32;

    /// <summary>Uses some, or all when there are no more.</summary>
    /// <param name="session">Sees the database; the keyring is open.</param>
    /// <param name="size">How many.</param>
    /// <param name="found">Is told of each that does not work.</param>
    /// <returns>How many work.</returns>
    public async Task<int> RunAsync(IKmsSession session, int size, Action<string> found)
    {
        int working = 0;
        foreach (KeyVersion version in await ChooseAsync(session, size))
        {
            if (await WorksAsync(session, version))
                working++;
            else
                found($"the private key of {version.LogName} does not work");
        }

        return working;
    }

    // Each version is as likely as any other, and no more than the sample is in memory (Vitter, algorithm R).
    private async Task<List<KeyVersion>> ChooseAsync(IKmsSession session, int size)
    {
        List<KeyVersion> chosen = [];
        int seen = 0;
        await foreach (Sealed<Key> key in RowPages.AllAsync(session, rows.ListKeysAsync, row => row.Id.Value))
        {
            int last = 0;
            IReadOnlyList<Sealed<KeyVersion>> page;
            do
            {
                page = await rows.ListVersionsAsync(session, key.UnverifiedRow, last, RowPages.Size);
                foreach (Sealed<KeyVersion> row in page)
                {
                    last = row.UnverifiedRow.Version;

                    // A broken seal is the verification's to find.
                    if (sealer.TryOpen(row) is not { State: not KeyState.Destroyed } version)
                        continue;

                    seen++;
                    if (chosen.Count < size)
                        chosen.Add(version);
                    else if (RandomNumberGenerator.GetInt32(seen) is var place && place < size)
                        chosen[place] = version;
                }
            }
            while (page.Count == RowPages.Size);
        }

        return chosen;
    }

    private async Task<bool> WorksAsync(IKmsSession session, KeyVersion version)
    {
        if (await keys.FindMaterialAsync(session, version.TenantId, version.Id) is not { } material
            || await keyrings.FindTenantKeyAsync(session, version.TenantId, material.WrappingKeyId) is not { } entry
            || material.Format != version.Algorithm.Family.Format)
            return false;

        try
        {
            using WrappingKey tenantKey = keyring.OpenTenantKey(entry);
            SecretBytes secret = PrivateKeyWrap.Unwrap(tenantKey, version, material);
            StoredKey stored = new(version.Algorithm, version.Id, version.OaepHash);
            using LoadedKey key = version.Algorithm.Family.Load(stored, secret, engine);
            return key.PublicKey.SequenceEqual(version.PublicKey) && Works(key, version.Use);
        }
        catch (Exception e) when (e is SealBrokenException or CryptographicException)
        {
            return false;
        }
    }

    private static bool Works(LoadedKey key, KeyUse use)
    {
        byte[] message = RandomNumberGenerator.GetBytes(MessageSize);
        SignatureParameters parameters = new([], Hash: null, Padding: null);
        return (key, use) switch
        {
            (ISign signing, KeyUse.Signature) => signing.Verify(message, parameters, signing.Sign(message, parameters)),
            (IAuthenticate authenticating, KeyUse.Signature) =>
                authenticating.VerifyMac(message, authenticating.GenerateMac(message)),
            (IEncapsulate encapsulating, KeyUse.Encapsulation) => Recovers(encapsulating),
            (IEncrypt encrypting, KeyUse.Encryption) => Decrypts(encrypting, message),
            _ => false,
        };
    }

    private static bool Recovers(IEncapsulate key)
    {
        using WrappedSecret sent = key.Encapsulate();
        using SecretBytes received = key.Decapsulate(sent.Ciphertext);
        return CryptographicOperations.FixedTimeEquals(sent.Secret.Span, received.Span);
    }

    private static bool Decrypts(IEncrypt key, byte[] message)
    {
        using SecretBytes? opened = key.TryDecrypt(EncryptionContext.Empty, key.Encrypt(EncryptionContext.Empty, message));
        return opened is not null && CryptographicOperations.FixedTimeEquals(opened.Span, message);
    }
}
