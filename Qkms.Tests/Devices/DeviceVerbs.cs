using Qkms.Core.Cryptography.Rfc9180;

namespace Qkms.Tests.Devices;

/// <summary>What an application server does for its devices, and what the devices do, in one line each.</summary>
internal static class DeviceVerbs
{
    public static Task<Answer> RegisterAsync(this HttpClient client, string device = "phone", string? algorithm = null) =>
        client.PostJsonAsync($"/devices/{device}/keys", BodyOf(algorithm));

    public static Task<Answer> RotateDeviceAsync(this HttpClient client, string device = "phone", string? algorithm = null) =>
        client.PostJsonAsync($"/devices/{device}/keys/rotate", BodyOf(algorithm));

    public static Task<Answer> ValidityAsync(this HttpClient client, string kid, string device = "phone") =>
        client.GetJsonAsync($"/devices/{device}/keys/{kid}/validity");

    public static Task<Answer> RevokeDeviceKeyAsync(this HttpClient client, string kid, string device = "phone", string? body = null) =>
        client.PostJsonAsync($"/devices/{device}/keys/{kid}/actions/revoke", body);

    public static Task<Answer> DecryptFromDeviceAsync(this HttpClient client, string kid, byte[] ciphertext, string device = "phone") =>
        client.PostJsonAsync($"/devices/{device}/decrypt", JsonSerializer.Serialize(new { kid, ciphertext }));

    /// <summary>Encrypts as a device with an RSA key does: with nothing but the answer to its registration.</summary>
    public static byte[] Encrypt(this Answer registered, string text)
    {
        using RSA key = RSA.Create();
        key.ImportFromPem(registered.Text("public_key"));
        HashAlgorithmName hash = new(registered.Text("oaep_hash").Replace("-", "", StringComparison.Ordinal));
        return key.Encrypt(Encoding.UTF8.GetBytes(text), RSAEncryptionPadding.CreateOaep(hash));
    }

    /// <summary>
    /// Encrypts as a device with an ML-KEM key does (docs/formats.md): the context is empty, and its canonical form a count of 0.
    /// </summary>
    public static byte[] EncryptByHpke(this Answer registered, string text)
    {
        byte[] spki = PemEncoding.TryFind(registered.Text("public_key"), out PemFields fields)
            ? Convert.FromBase64String(registered.Text("public_key")[fields.Base64Data])
            : throw new InvalidOperationException("no PEM");
        using MLKem key = PqcEngines.Select(PqcEngines.BouncyCastle)
            .ImportMLKemEncapsulationKey(MLKemAlgorithm.MLKem768, spki.AsSpan()[^MLKemAlgorithm.MLKem768.EncapsulationKeySizeInBytes..]);
        return Hpke.Seal(key, "qkms/crypto/v1"u8, new byte[4], Encoding.UTF8.GetBytes(text));
    }

    /// <summary>The plaintext of an answer.</summary>
    public static string Plaintext(this Answer decrypted) => Encoding.UTF8.GetString(Convert.FromBase64String(decrypted.Text("plaintext")));

    /// <summary>A kid that nobody has.</summary>
    public static string NobodysKid() => new IdGenerator(TimeProvider.System).Next().ToString();

    private static string? BodyOf(string? algorithm) => algorithm is null ? null : $$"""{"algorithm":"{{algorithm}}"}""";
}
