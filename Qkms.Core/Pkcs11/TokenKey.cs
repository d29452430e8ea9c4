using System.Security.Cryptography;
using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;
using Net.Pkcs11Interop.HighLevelAPI.Factories;
using Net.Pkcs11Interop.HighLevelAPI.MechanismParams;
using LowLevel = Net.Pkcs11Interop.LowLevelAPI80;

namespace Qkms.Core.Pkcs11;

/// <summary>
/// An AES-256 key in a token, which encrypts and decrypts there: CKM_AES_GCM (OASIS PKCS #11 Current Mechanisms 3.0, section 2.11), with a
/// nonce of 12 bytes and a tag of 16 (NIST SP 800-38D). To be used inside <see cref="TokenModule.Use"/> only.
/// </summary>
internal sealed class TokenKey
{
    /// <summary>Length of a nonce in bytes.</summary>
    public const int NonceSize = 12;

    /// <summary>Length of the tag behind what is encrypted, in bytes.</summary>
    public const int TagSize = 16;

    private const int Size = 32;

    private readonly Pkcs11InteropFactories _factories;
    private readonly ISession _session;
    private readonly LowLevel.Pkcs11Library _lowLevel;
    private readonly IObjectHandle _key;
    private readonly TokenKeyUri _uri;

    private TokenKey(
        Pkcs11InteropFactories factories, ISession session, LowLevel.Pkcs11Library lowLevel, IObjectHandle key, TokenKeyUri uri) =>
        (_factories, _session, _lowLevel, _key, _uri) = (factories, session, lowLevel, key, uri);

    /// <summary>Finds the key of a token that somebody is logged in to.</summary>
    /// <exception cref="TokenException">There is none or more than one, or it is not one that cannot leave the token.</exception>
    public static TokenKey Find(
        Pkcs11InteropFactories factories, ISession session, LowLevel.Pkcs11Library lowLevel, TokenKeyUri uri)
    {
        IObjectAttributeFactory make = factories.ObjectAttributeFactory;
        List<IObjectAttribute> wanted = [make.Create(CKA.CKA_CLASS, CKO.CKO_SECRET_KEY), make.Create(CKA.CKA_TOKEN, true)];
        if (uri.KeyLabel is { } label)
            wanted.Add(make.Create(CKA.CKA_LABEL, label));

        if (uri.KeyId is { } id)
            wanted.Add(make.Create(CKA.CKA_ID, id));

        List<IObjectHandle> found = session.FindAllObjects(wanted);
        wanted.ForEach(attribute => attribute.Dispose());
        if (found.Count == 0)
            throw new TokenException($"The token has no secret key that {uri} names: make one, or name another.");

        if (found.Count > 1)
            throw new TokenException($"The token has {found.Count} secret keys that {uri} names: add id= or object= to say which one.");

        RefuseUnfit(session, found[0], uri);
        return new TokenKey(factories, session, lowLevel, found[0], uri);
    }

    /// <summary>Encrypts a key; the tag is behind it.</summary>
    /// <param name="nonce">12 bytes, never used before with this key.</param>
    /// <param name="associated">What is authenticated with it.</param>
    /// <param name="secret">The key.</param>
    /// <exception cref="TokenException">The token does not do it.</exception>
    public byte[] Encrypt(byte[] nonce, byte[] associated, SecretBytes secret)
    {
        byte[] copy = GC.AllocateUninitializedArray<byte>(secret.Length, pinned: true);
        try
        {
            secret.Span.CopyTo(copy);
            using ICkGcmParams parameters = Parameters(nonce, associated);
            using IMechanism mechanism = _factories.MechanismFactory.Create(CKM.CKM_AES_GCM, parameters);
            byte[] encrypted = _session.Encrypt(mechanism, _key, copy);
            return encrypted.Length == secret.Length + TagSize
                ? encrypted
                : throw new TokenException(
                    $"The token of {_uri} answers with {encrypted.Length} bytes for {secret.Length}: that is not CKM_AES_GCM with the "
                    + "nonce that it was given.");
        }
        catch (Pkcs11Exception e)
        {
            throw new TokenException($"The token does not encrypt with CKM_AES_GCM under {_uri}: {e.Method} answers {e.RV}.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(copy);
        }
    }

    /// <summary>
    /// Decrypts a key, which ends with the caller; null where it was changed, or is another key's. Modules answer that with many codes.
    /// </summary>
    /// <remarks>
    /// By the library's lower floor, which writes into memory of ours: its upper one leaves copies in arrays that nobody can zero.
    /// </remarks>
    /// <param name="nonce">12 bytes, those of <see cref="Encrypt"/>.</param>
    /// <param name="associated">What was authenticated with it.</param>
    /// <param name="encrypted">What it answered.</param>
    /// <exception cref="TokenException">The token does not do it.</exception>
    public SecretBytes? TryDecrypt(byte[] nonce, byte[] associated, byte[] encrypted)
    {
        using ICkGcmParams parameters = Parameters(nonce, associated);
        using IMechanism mechanism = _factories.MechanismFactory.Create(CKM.CKM_AES_GCM, parameters);
        LowLevel.CK_MECHANISM structure = (LowLevel.CK_MECHANISM)mechanism.ToMarshalableStructure();
        CKR begun = _lowLevel.C_DecryptInit(_session.SessionId, ref structure, _key.ObjectId);
        if (begun != CKR.CKR_OK)
            throw new TokenException($"The token does not decrypt with CKM_AES_GCM under {_uri}: C_DecryptInit answers {begun}.");

        byte[] decrypted = GC.AllocateUninitializedArray<byte>(encrypted.Length, pinned: true);
        try
        {
            ulong length = (ulong)decrypted.Length;
            CKR done = _lowLevel.C_Decrypt(_session.SessionId, encrypted, (ulong)encrypted.Length, decrypted, ref length);
            if (done is CKR.CKR_DEVICE_ERROR or CKR.CKR_DEVICE_REMOVED or CKR.CKR_TOKEN_NOT_PRESENT or CKR.CKR_SESSION_HANDLE_INVALID)
                throw new TokenException($"The token of {_uri} went away: C_Decrypt answers {done}.");

            return done == CKR.CKR_OK && length == (ulong)(encrypted.Length - TagSize)
                ? SecretBytes.CopyOf(decrypted.AsSpan(0, (int)length))
                : null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(decrypted);
        }
    }

    private ICkGcmParams Parameters(byte[] nonce, byte[] associated) =>
        _factories.MechanismParamsFactory.CreateCkGcmParams(nonce, NonceSize * 8, associated, TagSize * 8);

    // A key that can be read, or wrapped by another one, protects no better than a file.
    private static void RefuseUnfit(ISession session, IObjectHandle key, TokenKeyUri uri)
    {
        List<IObjectAttribute> read = session.GetAttributeValue(
            key, [CKA.CKA_KEY_TYPE, CKA.CKA_VALUE_LEN, CKA.CKA_SENSITIVE, CKA.CKA_EXTRACTABLE, CKA.CKA_ENCRYPT, CKA.CKA_DECRYPT]);
        List<string> missing = [];
        if (read[0].CannotBeRead || read[0].GetValueAsUlong() != (ulong)CKK.CKK_AES)
            missing.Add("CKA_KEY_TYPE is not CKK_AES");
        else if (read[1].CannotBeRead || read[1].GetValueAsUlong() != Size)
            missing.Add("CKA_VALUE_LEN is not 32");

        Require(read[2], "CKA_SENSITIVE", true);
        Require(read[3], "CKA_EXTRACTABLE", false);
        Require(read[4], "CKA_ENCRYPT", true);
        Require(read[5], "CKA_DECRYPT", true);
        read.ForEach(attribute => attribute.Dispose());
        if (missing.Count > 0)
            throw new TokenException(
                $"The key that {uri} names cannot be used: {string.Join(", ", missing)}. It has to be an AES-256 key that encrypts and "
                + "decrypts, is sensitive and not extractable.");

        void Require(IObjectAttribute attribute, string name, bool wanted)
        {
            if (attribute.CannotBeRead || attribute.GetValueAsBool() != wanted)
                missing.Add($"{name} is not {(wanted ? "true" : "false")}");
        }
    }
}
