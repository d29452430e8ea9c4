namespace Qkms.Tests.Encryption;

/// <summary>Canonical contexts as <c>Interop/context.mjs</c> writes them.</summary>
public sealed class ContextFormatVectorTests
{
    // E-01, Q-40
    [Fact]
    public void Contexts_have_the_same_bytes_or_are_refused_by_both()
    {
        (int accepted, int refused) = (0, 0);
        foreach (JsonElement vector in FormatVectors.Contexts)
        {
            bool created = EncryptionContext.TryCreate(FormatVectors.Members(vector), out EncryptionContext? context, out _);
            if (vector.GetProperty("canonical").ValueKind == JsonValueKind.Null)
            {
                created.Should().BeFalse(vector.Text("name"));
                refused++;
                continue;
            }

            context!.Canonical.ToArray().Should().Equal(vector.Hex("canonical"), vector.Text("name"));
            accepted++;
        }

        (accepted, refused).Should().Be((9, 3));
    }
}
