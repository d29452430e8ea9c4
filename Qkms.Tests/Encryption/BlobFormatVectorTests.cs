namespace Qkms.Tests.Encryption;

/// <summary>Blobs that <c>Interop/blob-v1.mjs</c> made with WebCrypto.</summary>
public sealed class BlobFormatVectorTests
{
    // E-03
    [Fact]
    public void Blobs_made_by_other_software_open()
    {
        int opened = 0;
        foreach (JsonElement vector in FormatVectors.Blobs)
        {
            (BlobPurpose purpose, KeyVersionId version, byte[] blob) = (PurposeOf(vector), VersionOf(vector), vector.Hex("blob"));
            BlobV1.TryReadHeader(blob, out BlobPurpose readPurpose, out KeyVersionId readVersion).Should().BeTrue();
            (readPurpose, readVersion).Should().Be((purpose, version));

            using SecretBytes? plaintext = BlobV1.TryOpen(
                purpose, version, vector.Hex("key"), FormatVectors.Context(vector.Text("context")), blob);

            plaintext.Should().NotBeNull();
            plaintext!.Span.ToArray().Should().Equal(vector.Hex("plaintext"));
            opened++;
        }

        opened.Should().Be(18, "nine contexts, two purposes");
    }

    [Fact]
    public void None_opens_in_another_context_or_for_the_other_purpose()
    {
        foreach (JsonElement vector in FormatVectors.Blobs)
        {
            (BlobPurpose purpose, KeyVersionId version, byte[] key, byte[] blob) =
                (PurposeOf(vector), VersionOf(vector), vector.Hex("key"), vector.Hex("blob"));
            BlobPurpose otherPurpose = purpose == BlobPurpose.Encryption ? BlobPurpose.DataKey : BlobPurpose.Encryption;
            EncryptionContext context = FormatVectors.Context(vector.Text("context"));

            BlobV1.TryOpen(otherPurpose, version, key, context, blob).Should().BeNull();
            foreach (JsonElement other in FormatVectors.Contexts.Where(
                other => other.GetProperty("canonical").ValueKind == JsonValueKind.String))
            {
                EncryptionContext otherContext = FormatVectors.Context(other.Text("name"));
                using SecretBytes? opened = BlobV1.TryOpen(purpose, version, key, otherContext, blob);
                (opened is not null).Should().Be(otherContext.Canonical.SequenceEqual(context.Canonical));
            }
        }
    }

    private static BlobPurpose PurposeOf(JsonElement vector) =>
        vector.Text("purpose") == "dataKey" ? BlobPurpose.DataKey : BlobPurpose.Encryption;

    private static KeyVersionId VersionOf(JsonElement vector) => new(new Guid(vector.Text("versionId")));
}
