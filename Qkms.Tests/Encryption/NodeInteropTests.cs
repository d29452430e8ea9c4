using Qkms.Core.Cryptography.Rfc9180;
using Qkms.Tests.Cryptography;
using ParameterSets = Qkms.Tests.Cryptography.Algorithms;

namespace Qkms.Tests.Encryption;

/// <summary>
/// What Qkms makes is opened by <c>Interop/open.mjs</c>, with @hpke/core, @hpke/ml-kem and WebCrypto: no Qkms is needed to decrypt.
/// </summary>
public sealed class NodeInteropTests
{
    private static readonly byte[] _plaintext = Encoding.UTF8.GetBytes("naïve € plaintext");
    private static readonly KeyVersionId _version = new(new Guid("0192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f506"));
    private readonly List<object> _cases = [];
    private readonly List<string?> _expected = [];

    //
    [FactIf(Requirement.NodePrograms)]
    public async Task Hpke_ciphertexts_of_every_engine_and_set_open()
    {
        foreach (EngineUnderTest engine in EngineUnderTest.Present.Values)
        {
            foreach (string set in new[] { "ML-KEM-512", "ML-KEM-768", "ML-KEM-1024" })
            {
                using MLKem key = engine.Engine.GenerateMLKem(ParameterSets.MLKem(set));
                foreach (byte[] info in new[] { [], "qkms/crypto/v1"u8.ToArray(), "qkms/key-wrap/v1"u8.ToArray() })
                {
                    foreach (byte[] aad in new[] { [], "aad"u8.ToArray(), FormatVectors.Context("supplementary").Canonical.ToArray() })
                    {
                        AddHpke(key, info, aad, Hpke.Seal(key, info, aad, _plaintext), _plaintext);
                        AddHpke(key, info, aad, Hpke.Seal(key, info, [.. aad, 0], _plaintext), expected: null);
                        AddHpke(key, info, aad, Hpke.Seal(key, info, aad, []), []);
                    }
                }
            }
        }

        await OpenAllAsync();
    }

    // E-03, E-05
    [FactIf(Requirement.NodePrograms)]
    public async Task Blobs_of_both_purposes_open_in_every_context()
    {
        byte[] key = RandomNumberGenerator.GetBytes(32);
        foreach (string name in ContextNames())
        {
            foreach (BlobPurpose purpose in Enum.GetValues<BlobPurpose>())
            {
                byte[] blob = BlobV1.Protect(purpose, _version, key, FormatVectors.Context(name), _plaintext);
                AddBlob(key, purpose, name, blob, _plaintext);
                AddBlob(key, purpose == BlobPurpose.DataKey ? BlobPurpose.Encryption : BlobPurpose.DataKey, name, blob, expected: null);
                AddBlob(RandomNumberGenerator.GetBytes(32), purpose, name, blob, expected: null);
            }
        }

        await OpenAllAsync();
    }

    [FactIf(Requirement.NodePrograms)]
    public async Task Contexts_of_random_names_have_the_same_bytes()
    {
        for (int i = 0; i < 300; i++)
        {
            Dictionary<string, string?> members = [];
            for (int count = RandomNumberGenerator.GetInt32(12); count > 0; count--)
                members[RandomText(1)] = RandomText(0);

            EncryptionContext.TryCreate(members, out EncryptionContext? context, out string? problem).Should().BeTrue(problem);
            Add(new { kind = "context", context = members }, context!.Canonical.ToArray());
        }

        await OpenAllAsync();
    }

    private static IEnumerable<string> ContextNames() =>
        FormatVectors.Contexts.Where(context => context.GetProperty("canonical").ValueKind == JsonValueKind.String)
            .Select(context => context.Text("name"));

    /// <summary>Characters of one to four bytes in UTF-8, so that the orders of UTF-8 and UTF-16 part.</summary>
    private static string RandomText(int minLength)
    {
        StringBuilder text = new();
        foreach (Rune rune in RandomNumberGenerator.GetItems<Rune>(
            [new('a'), new('Z'), new(0xe9), new(0x20ac), new(0xe000), new(0xffff), new(0x10000), new(0x1f600)],
            minLength + RandomNumberGenerator.GetInt32(4)))
            text.Append(rune.ToString());

        return text.ToString();
    }

    private void AddHpke(MLKem key, byte[] info, byte[] aad, byte[] ciphertext, byte[]? expected) =>
        Add(
            new
            {
                kind = "hpke",
                algorithm = key.Algorithm.Name,
                seed = Convert.ToHexString(key.ExportPrivateSeed()),
                info = Convert.ToHexString(info),
                aad = Convert.ToHexString(aad),
                ciphertext = Convert.ToHexString(ciphertext),
            },
            expected);

    private void AddBlob(byte[] key, BlobPurpose purpose, string context, byte[] blob, byte[]? expected) =>
        Add(
            new
            {
                kind = "blob",
                key = Convert.ToHexString(key),
                purpose = purpose == BlobPurpose.DataKey ? "dataKey" : "encryption",
                context = FormatVectors.Members(context),
                blob = Convert.ToHexString(blob),
            },
            expected);

    private void Add(object item, byte[]? expected)
    {
        _cases.Add(item);
        _expected.Add(expected is null ? null : Convert.ToHexStringLower(expected));
    }

    private async Task OpenAllAsync()
    {
        string opened = await NodeProgram.RunAsync("open.mjs", JsonSerializer.Serialize(_cases));

        JsonSerializer.Deserialize<string?[]>(opened).Should().Equal(_expected);
    }
}
