using Qkms.Tests.Rotations;

namespace Qkms.Tests.Crash;

/// <summary>
/// A piece of work that dies at one of its steps, on a key of its own: what comes before, the work, and what whoever asked for it does
/// after the next start, which also says what must hold by then.
/// </summary>
internal abstract class SteppedWork
{
    public static readonly IReadOnlyDictionary<string, SteppedWork> All = new Dictionary<string, SteppedWork>
    {
        ["rotation by kid"] = new Rotation("{}"),
        ["rotation to another algorithm"] = new Rotation(
            """{"new_key":{"algorithm":"ML-KEM-768"},"allow_algorithm_change":true}"""),
        ["job"] = new Job(""),
        ["job to another algorithm"] = new Job(""","new_key":{"algorithm":"ML-KEM-768"},"allow_algorithm_change":true"""),
        ["patch of limits"] = new Patch(),
        ["batch of uses"] = new Uses(),
    };

    /// <summary>Steps that it passes, whatever else.</summary>
    public abstract IReadOnlyList<string> Known { get; }

    /// <summary>What comes before: a key whose kid and name is <paramref name="key"/>.</summary>
    public abstract Task PrepareAsync(QkmsApplication app, HttpClient client, string key);

    /// <summary>The work; it may die.</summary>
    public abstract Task DoAsync(QkmsApplication app, HttpClient client, string key);

    /// <summary>What comes after the next start.</summary>
    public abstract Task FinishAsync(QkmsApplication app, HttpClient client, string key);

    private static readonly string[] _everyChange =
    [
        "a write", "IKeyRepository.LockKeyAsync", "IKeyRepository.UpdateVersionAsync", "IKeyRepository.UpdateKeyAsync",
        "IJournalRepository.InsertEventsAsync", "IJournalRepository.UpdateStreamAsync", "the commit", "the answer to a commit",
    ];

    private static async Task<string[]> JobsAsync(HttpClient client, string key) =>
    [
        .. (await client.GetJsonAsync($"/kms/rotation-jobs?kid={key}")).ShouldBe(HttpStatusCode.OK).Data["jobs"]!.AsArray()
            .Select(job => (string)job!["state"]!),
    ];

    // One successor, each knows the other, and it works.
    private static async Task ShouldBeRotatedOnceAsync(HttpClient client, string key)
    {
        Answer chain = (await client.GetJsonAsync($"/kms/keys/{key}/chain")).ShouldBe(HttpStatusCode.OK);
        string[] statuses = [.. chain.Data["versions"]!.AsArray().Select(version => (string)version!["status"]!)];
        statuses.Should().HaveCount(2);
        statuses[0].Should().BeOneOf("retired", "expired");
        statuses[1].Should().Be("active");
        await client.MustUseAsync("/crypto/encrypt", new { plaintext = "AA==", kid = key });
    }

    private sealed class Rotation(string body) : SteppedWork
    {
        public override IReadOnlyList<string> Known =>
        [
            .. _everyChange, "IKeyRepository.InsertVersionAsync", "IRotationJobRepository.UpdateAsync",
            "IIdempotencyRepository.InsertAsync",
        ];

        // It ends a job, too.
        public override async Task PrepareAsync(QkmsApplication app, HttpClient client, string key)
        {
            await client.GenerateAsync(KeyUseVerbs.Aes, new { kid = key, name = key, max_usage_limit = 10 });
            await client.ScheduleAsync(key, app.InHours(1000));
        }

        public override Task DoAsync(QkmsApplication app, HttpClient client, string key) => RotateAsync(client, key);

        public override async Task FinishAsync(QkmsApplication app, HttpClient client, string key)
        {
            (await RotateAsync(client, key)).ShouldBe(HttpStatusCode.OK).Text("previous_kid").Should().Be(key);

            await ShouldBeRotatedOnceAsync(client, key);
            (await JobsAsync(client, key)).Should().Equal("CANCELLED");
        }

        private Task<Answer> RotateAsync(HttpClient client, string key) => client.PostOnceAsync(key, $"/kms/keys/{key}/rotations", body);
    }

    private sealed class Job(string change) : SteppedWork
    {
        public override IReadOnlyList<string> Known =>
        [
            .. _everyChange, "IKeyRepository.InsertVersionAsync", "IRotationJobRepository.LockAsync", "IRotationJobRepository.UpdateAsync",
        ];

        public override async Task PrepareAsync(QkmsApplication app, HttpClient client, string key)
        {
            await client.GenerateAsync(KeyUseVerbs.Aes, new { kid = key, name = key });
            string body = $$"""{"scheduled_at":"{{app.InHours(1)}}"{{change}}}""";
            (await client.RotateVersionAsync(key, body)).ShouldBe(HttpStatusCode.Accepted);
        }

        public override Task DoAsync(QkmsApplication app, HttpClient client, string key) => app.RotateDueAsync(TimeSpan.FromHours(1));

        public override async Task FinishAsync(QkmsApplication app, HttpClient client, string key)
        {
            await app.RotateDueAsync(TimeSpan.FromHours(3));

            (await JobsAsync(client, key)).Should().Equal(["SUCCEEDED"], "the log says {0}", app.Log.Text);
            await ShouldBeRotatedOnceAsync(client, key);
        }
    }

    private sealed class Patch : SteppedWork
    {
        private const string Body =
            """{"soft_usage_limit":3,"max_usage_limit":5,"expires_at":"2090-01-01T00:00:00Z","rotation_period":30,"labels":{"a":"b"}}""";

        public override IReadOnlyList<string> Known => _everyChange;

        public override Task PrepareAsync(QkmsApplication app, HttpClient client, string key) =>
            client.GenerateAsync(KeyUseVerbs.Aes, new { kid = key, name = key });

        public override Task DoAsync(QkmsApplication app, HttpClient client, string key) =>
            client.SendJsonAsync(HttpMethod.Patch, $"/kms/keys/{key}", Body);

        public override async Task FinishAsync(QkmsApplication app, HttpClient client, string key)
        {
            JsonNode found = (await client.GetJsonAsync($"/kms/keys/{key}")).ShouldBe(HttpStatusCode.OK).Data;
            bool isDone = found["max_usage_limit"] is not null;
            foreach (string member in (string[])["soft_usage_limit", "expires_at", "rotation_period", "next_rotation_at"])
                (found[member] is not null).Should().Be(isDone, "{0} changes with max_usage_limit", member);

            found["labels"]!.AsObject().Count.Should().Be(isDone ? 1 : 0);
            (await client.SendJsonAsync(HttpMethod.Patch, $"/kms/keys/{key}", Body)).ShouldBe(HttpStatusCode.OK);
            await UseUpAsync(client, key, 5);
        }
    }

    private sealed class Uses : SteppedWork
    {
        private const int Limit = 10;
        private const int Before = 2;
        private const int InFlight = 3;

        public override IReadOnlyList<string> Known =>
        [
            "a write", "IKeyUsageRepository.LockAsync", "IKeyUsageRepository.UpdateAsync", "IRotationJobRepository.InsertAsync",
            "IJournalRepository.InsertEventsAsync", "IJournalRepository.UpdateStreamAsync", "the commit", "the answer to a commit",
        ];

        public override async Task PrepareAsync(QkmsApplication app, HttpClient client, string key)
        {
            await client.GenerateAsync(
                KeyUseVerbs.Aes, new { kid = key, name = key, max_usage_limit = Limit, soft_usage_limit = 4, auto_rotate = true });
            for (int i = 0; i < Before; i++)
                await client.MustUseAsync("/crypto/encrypt", new { plaintext = "AA==", kid = key });

            // After somebody else's write the rows that a batch left behind are read again.
            await client.GenerateAsync(KeyUseVerbs.Aes, new { name = $"beside-{key}" });
        }

        // Three at once, which reach the soft limit and so order a rotation in the same unit.
        public override Task DoAsync(QkmsApplication app, HttpClient client, string key) => client.UseAsync(
            "/crypto/encrypt", new { items = Enumerable.Range(0, InFlight).Select(_ => new { plaintext = "AA==" }), kid = key });

        public override async Task FinishAsync(QkmsApplication app, HttpClient client, string key)
        {
            int used = (await client.GetJsonAsync($"/kms/keys/{key}")).Number("usage_count");
            used.Should().BeOneOf([Before, Before + InFlight], "all that was in flight is counted, or nothing");
            (await JobsAsync(client, key)).Should().Equal(used == Before ? [] : ["SCHEDULED"]);

            await UseUpAsync(client, key, Limit - used);
            await app.RotateDueAsync(TimeSpan.FromHours(1));
            (await JobsAsync(client, key)).Should().Equal("SUCCEEDED");
            await ShouldBeRotatedOnceAsync(client, key);
        }
    }

    private static async Task UseUpAsync(HttpClient client, string key, int left)
    {
        for (int i = 0; i < left; i++)
            await client.MustUseAsync("/crypto/encrypt", new { plaintext = "AA==", kid = key });

        (await client.UseAsync("/crypto/encrypt", new { plaintext = "AA==", kid = key }))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_007");
    }
}
