using Qkms.Core.Idempotency;
using Qkms.Core.Journal;

namespace Qkms.Tests.Idempotency;

/// <summary>
/// Everything that a change writes is made and sealed before the write begins, because all other writes wait for it. A unit that is done
/// twice and makes something itself would make it twice.
/// </summary>
public sealed class SealedBeforeTheWriteTests
{
    [Fact]
    public async Task No_change_makes_or_seals_anything_inside_the_write()
    {
        WrittenObjects written = new();
        StoreThatWritesTwice? store = null;
        await using QkmsApplication app = new()
        {
            KeepsHouse = false,
            StoreInFront = behind => store = new StoreThatWritesTwice(behind, written),
            FurtherServices = services => services
                .AddSingleton(written.Listen(Repositories.Keys))
                .AddSingleton(written.Listen(Repositories.Journal))
                .AddSingleton(written.Listen(Repositories.KeptResults)),
        };
        using HttpClient client = app.Client();

        string key = """{"algorithm":"ML-KEM-512"}""";
        string retire = """{"algorithm":"ML-KEM-512","key_version":2,"allow_no_active":true}""";
        string first = (await client.PostOnceAsync("1", "/kms/keys/generate", key)).ShouldBe(HttpStatusCode.Created).Text("kid");
        string second = (await client.PostOnceAsync("2", "/kms/keys/rotate", key)).ShouldBe(HttpStatusCode.Created).Text("kid");
        (await client.PostOnceAsync("3", "/kms/keys/retire", retire)).ShouldBe(HttpStatusCode.OK);
        (await client.PostOnceAsync("4", $"/kms/keys/{first}/actions/revoke", null)).ShouldBe(HttpStatusCode.NoContent);
        (await client.SendOnceAsync("5", HttpMethod.Delete, $"/kms/keys/{second}", null)).ShouldBe(HttpStatusCode.Accepted);
        (await client.PostOnceAsync("6", $"/kms/keys/{second}/actions/cancel-deletion", null)).ShouldBe(HttpStatusCode.OK);
        (await client.PostOnceAsync("7", "/kms/keys/generate", key)).ShouldBe(HttpStatusCode.Created);

        (IReadOnlyList<object> First, IReadOnlyList<object> Second)[] changes =
        [
            .. store!.Units.Where(unit => unit.First.OfType<KeptResult>().Any())
                .Select(unit => (MadeBefore(unit.First), MadeBefore(unit.Second))),
        ];
        changes.Select(change => change.First.OfType<KeptResult>().Single().Key).Should().Equal("1", "2", "3", "4", "5", "6", "7");
        foreach ((IReadOnlyList<object> once, IReadOnlyList<object> again) in changes)
        {
            once.Should().Contain(one => one is Sealed<KeyVersion>).And.Contain(one => one is JournalEvent);
            again.Should().HaveSameCount(once);
            once.Zip(again).Should().OnlyContain(pair => ReferenceEquals(pair.First, pair.Second));
        }

        object[] all = [.. changes.SelectMany(change => change.First)];
        all.OfType<Sealed<Key>>().Should().HaveCount(8, "two when the key is new, and one whenever a version of it changes");
        all.OfType<KeyMaterial>().Should().HaveCount(3);
    }

    // Only inside is it known where an event stands in its stream, and so what the head of the stream says. The event is made before.
    private static IReadOnlyList<object> MadeBefore(IReadOnlyList<object> written) =>
    [
        .. written.SelectMany(one => one switch
        {
            IReadOnlyList<ChainedEvent> chained => chained.Select(object (link) => link.Event),
            Sealed<JournalStream> => [],
            _ => [one],
        }),
    ];
}
