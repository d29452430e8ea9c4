namespace Qkms.Api.Http;

/// <summary>Example values that several fields share. Keys and ciphertexts are shortened.</summary>
internal static class Examples
{
    public const string Time = "2026-01-02T03:04:05.678Z";

    /// <summary>A time that has not come.</summary>
    public const string LaterTime = "2036-01-02T03:04:05.678Z";

    public const string JobId = "0198f5c2-7d21-7f04-b6d9-62ab18c3e95f";

    public const string RequestId = "0198f5c2-7d1f-7b6e-a3d8-41c9e07b52f0";

    public const string Bytes = "e0SG2/a4eShVyqI0";

    public const string Plaintext = "aGVsbG8=";

    public const string Blob = "UUsBAQEBmPXCfR58OptU";

    public const string SymmetricKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
}
