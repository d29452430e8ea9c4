using System.Text.RegularExpressions;
using Qkms.Core.Journal;
using Qkms.Core.Sealing;

namespace Qkms.Tests.Journal;

/// <summary>F-15: the vectors of docs/journal.md, which were made by another program, are what the service computes.</summary>
public sealed partial class JournalPageTests
{
    [Fact]
    public async Task The_vectors_of_the_page_are_computed()
    {
        string page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "journal.md"));
        string[][] vectors =
            [.. Vector().Matches(page).Select(match => match.Groups.Values.Skip(1).Select(group => group.Value).ToArray())];
        TenantId tenant = new(Id(2));
        byte[] rowSeal = [2, .. Enumerable.Range(0, 48).Select(i => (byte)i)];
        JournalEvent created = new()
        {
            Id = Id(0x10),
            TenantId = tenant,
            Time = DateTimeOffset.FromUnixTimeMilliseconds(1767225600000),
            Action = JournalActions.TenantCreated,
            ActorKind = "system",
            ActorId = "provisioning",
            To = tenant.ToString(),
            RowSeal = rowSeal,
        };
        JournalEvent revoked = new()
        {
            Id = Id(0x11),
            TenantId = tenant,
            Time = DateTimeOffset.FromUnixTimeMilliseconds(1767225600123),
            Action = JournalActions.KeyRevoked,
            ActorKind = "api_key",
            ActorId = Id(3).ToString(),
            KeyId = new KeyId(Id(4)),
            Kid = Kid.FromStored("orders-3"),
            KeyVersion = 3,
            From = "active",
            To = "revoked",
            Reason = "stolen",
            RequestId = new Guid("6f1c2b9e-5d0a-4a43-9c1b-0f5f3c2d1e0a"),
            ServerRequestId = Id(5),
            RowSeal = rowSeal,
            KeySeal = [2, .. Enumerable.Range(100, 48).Select(i => (byte)i)],
        };
        using WrappingKey key = Keyrings.Samples.WrappingKey("0192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f506");
        JournalChain chain = new(
            JournalStream.Begin(tenant, 1, JournalStreamKind.Lifecycle, node: "", Id(1), DateTimeOffset.UnixEpoch), key);
        CanonicalWriter writer = new(JournalChain.Format);

        vectors.Should().HaveCount(2);
        foreach ((JournalEvent happened, string[] vector) in new[] { created, revoked }.Zip(vectors))
        {
            ChainedEvent chained = chain.Add(happened);
            JournalChain.WriteCanonical(writer, chain.Stream, chained.Position, chained.PreviousHash, happened);
            vector.Should().Equal(
                Convert.ToHexStringLower(writer.Written),
                Convert.ToHexStringLower(chained.LeafHash),
                Convert.ToHexStringLower(chained.Mac));
        }
    }

    private static Guid Id(int number) => new($"0198f5c2-7d00-7000-8000-{number:x12}");

    [GeneratedRegex("canonical ([0-9a-f]+)\nleaf_hash ([0-9a-f]+)\nmac       ([0-9a-f]+)\n")]
    private static partial Regex Vector();
}
