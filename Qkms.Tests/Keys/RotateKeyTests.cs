namespace Qkms.Tests.Keys;

public sealed class RotateKeyTests : ServiceTests
{
    // Q-25, A-15, A-16
    [Fact]
    public async Task A_rotation_makes_the_next_version_and_retires_the_old_one()
    {
        await ShareServiceAsync();
        Answer first = await Client.GenerateAsync("Dilithium3");

        Answer second = await Client.RotateAsync("ML-DSA-65");

        second.Number("key_version").Should().Be(2);
        second.Number("old_key_version").Should().Be(1);
        second.Text("algorithm").Should().Be("ML-DSA-65");
        second.Text("status").Should().Be("active");
        second.Text("previous_kid").Should().Be(first.Text("kid"));
        second.Text("key_id").Should().Be(first.Text("key_id"));
        second.Text("public_key").Should().NotBe(first.Text("public_key"));
        Answer old = await Client.GetJsonAsync($"/kms/keys/{first.Text("kid")}");
        old.Text("status").Should().Be("retired");
        old.Text("next_kid").Should().Be(second.Text("kid"));
        old.Text("algorithm").Should().Be("Dilithium3");
        old.Data["retired_at"].Should().NotBeNull();
        (await Client.ActiveAsync("ML-DSA-65")).Text("kid").Should().Be(second.Text("kid"));
    }

    // Q-25
    [Fact]
    public async Task Nothing_to_rotate_is_not_found()
    {
        await ShareServiceAsync();
        (await Client.PostJsonAsync("/kms/keys/rotate", """{"algorithm":"ML-KEM-768"}"""))
            .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");

        await Client.GenerateAsync();
        (await Client.PostJsonAsync("/kms/keys/rotate", """{"algorithm":"ML-KEM-768","name":"other"}"""))
            .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
    }

    // Q-25
    [Fact]
    public async Task A_repeated_rotation_with_the_expected_version_happens_once()
    {
        await Client.GenerateAsync();

        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 16)
            .Select(_ => Client.PostJsonAsync("/kms/keys/rotate", """{"algorithm":"ML-KEM-768","expected_key_version":1}""")));

        answers.Count(a => a.Status == HttpStatusCode.Created).Should().Be(1);
        answers.Count(a => a.Status == HttpStatusCode.Conflict && a.ErrorCode == "ERR_KMS_009").Should().Be(15);
        (await Client.ActiveAsync()).Number("key_version").Should().Be(2);
    }

    [Fact]
    public async Task Of_64_rotations_at_once_each_counts_or_is_refused_and_the_chain_is_whole()
    {
        await Client.GenerateAsync();

        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 64)
            .Select(_ => Client.PostJsonAsync("/kms/keys/rotate", """{"algorithm":"ML-KEM-768"}""")));

        answers.Should().OnlyContain(a => a.Status == HttpStatusCode.Created || a.Status == HttpStatusCode.Conflict);
        int rotations = answers.Count(a => a.Status == HttpStatusCode.Created);
        JsonArray versions = (await Client.GetJsonAsync("/kms/keys")).Data["keys"]!.AsArray();
        ChainShouldBeWhole(versions, rotations + 1);
    }

    // Key and version are two rows: a reader between two rotations must not take a changed key for a damaged one.
    [Fact]
    public async Task Readers_see_an_active_version_at_every_moment_of_many_rotations()
    {
        await Client.GenerateAsync();
        using CancellationTokenSource rotating = new();

        Task<List<HttpStatusCode>>[] readers =
            [.. Enumerable.Range(0, 8).Select(_ => Task.Run(() => ReadWhileAsync(Client, rotating.Token)))];
        for (int i = 0; i < 60; i++)
            await Client.RotateAsync();

        await rotating.CancelAsync();
        HttpStatusCode[] seen = [.. (await Task.WhenAll(readers)).SelectMany(statuses => statuses)];
        seen.Length.Should().BeGreaterThan(60);
        seen.Should().OnlyContain(status => status == HttpStatusCode.OK);
        App.Log.Lines.Should().NotContain(line => line.StartsWith("Critical", StringComparison.Ordinal));
    }

    // Q-25
    [Fact]
    public async Task The_hash_of_oaep_stays_with_the_key()
    {
        await ShareServiceAsync();
        await Client.GenerateAsync("RSA-2048", new { oaep_hash = "SHA-384" });

        (await Client.RotateAsync("RSA-2048")).Text("oaep_hash").Should().Be("SHA-384");
    }

    private static async Task<List<HttpStatusCode>> ReadWhileAsync(HttpClient client, CancellationToken rotating)
    {
        List<HttpStatusCode> statuses = [];
        while (!rotating.IsCancellationRequested)
            statuses.Add((await client.ActiveAsync()).Status);

        return statuses;
    }

    /// <summary>Versions 1 … n without gap or double, newest first, exactly the newest active, each linked to its neighbours.</summary>
    internal static void ChainShouldBeWhole(JsonArray versions, int count)
    {
        versions.Select(v => (int)v!["key_version"]!).Should().Equal(Enumerable.Range(1, count).Reverse());
        versions.Select(v => (string)v!["status"]!).Should().Equal(["active", .. Enumerable.Repeat("retired", count - 1)]);
        for (int i = 0; i < count - 1; i++)
        {
            ((string?)versions[i]!["previous_kid"]).Should().Be((string?)versions[i + 1]!["kid"]);
            ((string?)versions[i + 1]!["next_kid"]).Should().Be((string?)versions[i]!["kid"]);
        }

        versions[^1]!["previous_kid"].Should().BeNull();
        versions[0]!["next_kid"].Should().BeNull();
    }
}
