namespace Qkms.Tests.Encryption;

/// <summary>Callers at the same time, and a revocation among them.</summary>
public sealed class ManyCallersTests : SharedServiceTests
{
    private static readonly byte[] _hello = "hello"u8.ToArray();

    // Nothing of the keys is in memory after a restart: all 64 ask for the same private key at once.
    [Fact]
    public async Task Of_64_first_uses_of_a_key_at_once_each_succeeds()
    {
        using TemporaryDirectory directory = new();
        PreparedUse[] uses;
        await using (QkmsApplication app = new(directory.Path))
        {
            using HttpClient client = app.Client();
            uses = [.. await PreparedUse.PrepareAsync(client, "app")];
        }

        foreach (IGrouping<string, PreparedUse> key in uses.GroupBy(use => use.Kid))
        {
            await using QkmsApplication app = new(directory.Path);
            using HttpClient client = app.Client();
            PreparedUse[] ofKey = [.. key];
            Answer[] answers = await Task.WhenAll(Enumerable.Range(
                0, 64).Select(i => Task.Run(() => ofKey[i % ofKey.Length].SendAsync(client, ofKey[i % ofKey.Length].ByKid))));
            answers.Select(answer => answer.Status).Should().OnlyContain(status => status == HttpStatusCode.OK, key.First().Algorithm);
        }
    }

    // the same request before and directly after, so that whatever is kept in memory is warm.
    [Fact]
    public async Task After_a_revocation_the_very_next_request_is_refused_whatever_it_is()
    {
        IReadOnlyList<PreparedUse> uses = await PreparedUse.PrepareAsync(Client, "app");

        foreach (IGrouping<string, PreparedUse> key in uses.GroupBy(use => use.Kid))
        {
            foreach (PreparedUse use in key)
            {
                foreach (object choice in new[] { use.ByKid, use.ByNumber, use.ByName })
                    (await use.SendAsync(Client, choice)).ShouldBe(HttpStatusCode.OK);
            }

            (await Client.RevokeAsync(key.Key)).ShouldBe(HttpStatusCode.NoContent);
            foreach (PreparedUse use in key)
            {
                foreach (object choice in new[] { use.ByKid, use.ByNumber })
                    (await use.SendAsync(Client, choice)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");

                Answer byName = await use.SendAsync(Client, use.ByName);
                byName.ErrorCode.Should().Be(use.Creates ? "ERR_KMS_003" : "ERR_KMS_006", $"{use}");
                if (use.NamesItsKey)
                    (await use.SendAsync(Client, new { })).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
            }
        }
    }

    // The same for a rotation: the name means the new version at once.
    [Fact]
    public async Task After_a_rotation_the_very_next_request_uses_the_new_version()
    {
        await Client.GenerateAsync("AES-256");
        for (int version = 1; version <= 20; version++)
        {
            (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = _hello })).Number("key_version").Should().Be(version);
            await Client.RotateAsync("AES-256");
        }
    }

    //
    [Theory]
    [InlineData("AES-256", true)]
    [InlineData("AES-256", false)]
    [InlineData("ML-KEM-512", true)]
    public async Task A_revocation_among_200_encryptions_refuses_all_that_begin_after_it(string algorithm, bool byKid)
    {
        string kid = (await Client.GenerateAsync(algorithm)).Text("kid");
        object choice = byKid ? new { kid } : new { key_version = 1, algorithm };
        int answered = 0;
        bool revoked = false;

        Task<(bool Late, Answer Answer)[]>[] callers = [.. Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            List<(bool, Answer)> seen = [];
            for (bool late = false; seen.Count < 25 || !late;)
            {
                late = Volatile.Read(ref revoked);
                seen.Add((late, await Client.UseAsync("/crypto/encrypt", new { plaintext = _hello }, choice)));
                Interlocked.Increment(ref answered);
            }

            return seen.ToArray();
        }))];
        while (Volatile.Read(ref answered) < 60)
            await Task.Delay(1);

        (await Client.RevokeAsync(kid)).ShouldBe(HttpStatusCode.NoContent);
        Volatile.Write(ref revoked, true);
        Answer after = await Client.UseAsync("/crypto/encrypt", new { plaintext = _hello }, choice);

        after.ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
        (bool Late, Answer Answer)[] all = [.. (await Task.WhenAll(callers)).SelectMany(seen => seen)];
        all.Length.Should().BeGreaterThanOrEqualTo(200);
        all.Should().OnlyContain(one => one.Answer.Status == HttpStatusCode.OK || one.Answer.ErrorCode == "ERR_KMS_006");
        all.Where(one => one.Late).Should().OnlyContain(one => one.Answer.ErrorCode == "ERR_KMS_006");
        all.Count(one => one.Answer.Status == HttpStatusCode.OK).Should().BeGreaterThan(50);
    }
}
