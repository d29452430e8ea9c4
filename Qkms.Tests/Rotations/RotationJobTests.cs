using System.Globalization;

namespace Qkms.Tests.Rotations;

/// <summary>Rotations that are scheduled: what callers see and may do.</summary>
public sealed class RotationJobTests : ServiceTests
{
    /// <summary>A-12: 202 with the job and its address; nothing is rotated yet.</summary>
    [Fact]
    public async Task A_rotation_in_the_future_is_accepted_as_a_job()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one", name = "orders" });
        string at = App.InHours(1);

        Answer job = await Client.ScheduleAsync("one", at);

        job.Headers["Location"].Should().Be($"/kms/rotation-jobs/{job.Text("id")}");
        job.Text("state").Should().Be("SCHEDULED");
        job.Text("kid").Should().Be("one");
        job.Text("name").Should().Be("orders");
        job.Text("cause").Should().Be("request");
        job.Text("scheduled_at").Should().Be(at);
        job.Text("next_attempt_at").Should().Be(at);
        job.Number("attempts").Should().Be(0);
        (await Client.GetJsonAsync(job.Headers["Location"])).Data.ToJsonString().Should().Be(job.Data.ToJsonString());
        (await Client.GetJsonAsync("/kms/keys/one")).Text("status").Should().Be("active");
        (await App.RotateDueAsync(TimeSpan.FromMinutes(50))).Should().Be(0);
        (await Client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(1);
    }

    /// <summary>A-13: when its time has come it is done once, and says which successor it made.</summary>
    [Fact]
    public async Task A_job_is_done_when_its_time_has_come()
    {
        await Client.GenerateAsync("ML-DSA-65", new { kid = "one" });
        string id = (await Client.ScheduleAsync("one", App.InHours(1), """{"kid":"two"}""")).Text("id");

        (await App.RotateDueAsync(TimeSpan.FromHours(1))).Should().Be(1);
        (await App.RotateDueAsync(TimeSpan.FromHours(1))).Should().Be(0);

        Answer job = await Client.GetJsonAsync($"/kms/rotation-jobs/{id}");
        job.Text("state").Should().Be("SUCCEEDED");
        job.Text("new_kid").Should().Be("two");
        job.Number("attempts").Should().Be(1);
        job.Data["finished_at"].Should().NotBeNull();
        job.Data["next_attempt_at"].Should().BeNull();
        (await Client.GetJsonAsync("/kms/keys/one")).Text("next_kid").Should().Be("two");
        (await Client.GetJsonAsync("/kms/keys/two")).Text("status").Should().Be("active");
        (await Client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(2);
        App.EventsOf("one").Should().Equal(
            "key.generated - active -",
            "rotation.scheduled - SCHEDULED " + $"job {id}",
            "key.retired active retired rotation",
            "rotation.succeeded RUNNING SUCCEEDED " + $"job {id}: successor two");
        App.EventsOf("two").Should().Equal("key.rotated - active -");
    }

    /// <summary>A-12, A-14: a scheduled rotation can change the algorithm.</summary>
    [Fact]
    public async Task A_job_can_change_the_algorithm()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });
        (await Client.RotateVersionAsync(
            "one",
            $$$"""
            {"scheduled_at":"{{{App.InHours(1)}}}","new_key":{"kid":"two","algorithm":"kyber768"},"allow_algorithm_change":true}
            """)).ShouldBe(HttpStatusCode.Accepted);

        (await App.RotateDueAsync(TimeSpan.FromHours(1))).Should().Be(1);

        Answer made = await Client.GetJsonAsync("/kms/keys/two");
        made.Text("algorithm").Should().Be("Kyber768");
        made.Text("previous_kid").Should().Be("one");
    }

    /// <summary>A-12: a time that is past, too far, or none is refused with its field, and nothing is scheduled.</summary>
    [Theory]
    [InlineData("\"2020-01-01T00:00:00Z\"")]
    [InlineData("\"12026-01-01T00:00:00Z\"")]
    [InlineData("\"9999-12-31T23:59:59Z\"")]
    [InlineData("\"2040-01-01T00:00:00Z\"")]
    [InlineData("\"tomorrow\"")]
    [InlineData("\"2034-13-01T00:00:00Z\"")]
    [InlineData("\"2034-01-01\"")]
    [InlineData("\"2034-01-01T00:00:00\"")]
    [InlineData("\"01/02/2034\"")]
    [InlineData("\"\"")]
    [InlineData("2034")]
    [InlineData("true")]
    [InlineData("{}")]
    public async Task A_time_that_is_none_in_the_next_years_is_refused(string at)
    {
        await ShareServiceAsync();
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });

        (await Client.RotateVersionAsync("one", $$"""{"scheduled_at":{{at}}}"""))
            .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001").Blamed.Should().Equal("scheduled_at");

        (await Client.GetJsonAsync("/kms/rotation-jobs")).Data["jobs"]!.AsArray().Should().BeEmpty();
        (await Client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(1);
    }

    /// <summary>A-12, A-21: what would be refused now is not scheduled.</summary>
    [Fact]
    public async Task What_cannot_be_rotated_is_not_scheduled()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });
        await Client.RotateVersionAsync("one", """{"new_key":{"kid":"two"}}""");
        string body = $$"""{"scheduled_at":"{{App.InHours(1)}}"}""";

        (await Client.RotateVersionAsync("one", body)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_009");
        (await Client.RotateVersionAsync("none", body)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        await Client.ScheduleAsync("two", App.InHours(1));
        (await Client.RotateVersionAsync("two", body)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_009");
        await Client.RevokeAsync("two");
        (await Client.RotateVersionAsync("two", body)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
    }

    /// <summary>A-13: DELETE cancels; a second one changes nothing; what is over cannot be cancelled.</summary>
    [Fact]
    public async Task A_job_is_cancelled_once()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });
        string id = (await Client.ScheduleAsync("one", App.InHours(1))).Text("id");

        Answer cancelled = (await CancelAsync(Client, id, """{"reason":"not yet"}""")).ShouldBe(HttpStatusCode.OK);
        cancelled.Text("state").Should().Be("CANCELLED");
        cancelled.Text("reason").Should().Be("not yet");
        (await CancelAsync(Client, id)).ShouldBe(HttpStatusCode.OK).Data.ToJsonString().Should().Be(cancelled.Data.ToJsonString());
        (await App.RotateDueAsync(TimeSpan.FromHours(2))).Should().Be(0);
        (await Client.GetJsonAsync("/kms/keys/one")).Text("status").Should().Be("active");
        App.EventsOf("one").Should().EndWith($"rotation.cancelled SCHEDULED CANCELLED job {id}: not yet").And.HaveCount(3);

        string second = (await Client.ScheduleAsync("one", App.InHours(1))).Text("id");
        (await App.RotateDueAsync(TimeSpan.FromHours(1))).Should().Be(1);
        (await CancelAsync(Client, second)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_013");
    }

    /// <summary>A-13: another tenant's job, an unknown one, and one of a name outside the API key's narrowing are not there.</summary>
    [Fact]
    public async Task Jobs_of_others_are_not_found()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });
        string id = (await Client.ScheduleAsync("one", App.InHours(1))).Text("id");
        HttpClient other = App.ClientFor(await App.CreateTenantAsync("other"));
        HttpClient narrow = App.ClientFor(
            await App.CreateApiKeyAsync(App.InitialApiKey, Roles.Admin, credential => credential with { KeyScope = "orders" }));
        HttpClient auditor = App.ClientFor(await App.CreateApiKeyAsync(App.InitialApiKey, Roles.Auditor));

        foreach (HttpClient client in new[] { other, narrow })
        {
            (await client.GetJsonAsync($"/kms/rotation-jobs/{id}")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_NOT_FOUND_001");
            (await CancelAsync(client, id)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_NOT_FOUND_001");
        }

        (await other.GetJsonAsync("/kms/rotation-jobs")).Data["jobs"]!.AsArray().Should().BeEmpty();
        (await other.GetJsonAsync("/kms/rotation-jobs?kid=one")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        foreach (string query in new[] { "", "?name=orders", "?name=default" })
            (await narrow.GetJsonAsync($"/kms/rotation-jobs{query}")).Data["jobs"]!.AsArray().Should().BeEmpty();

        (await narrow.GetJsonAsync("/kms/rotation-jobs?kid=one")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await auditor.GetJsonAsync($"/kms/rotation-jobs/{id}")).ShouldBe(HttpStatusCode.OK);
        (await CancelAsync(auditor, id)).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        foreach (string unknown in new[] { "0198f5c2-7d1e-7c3a-9b54-2f0c6a1e8d37", "x", "1" })
            (await Client.GetJsonAsync($"/kms/rotation-jobs/{unknown}")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_NOT_FOUND_001");

        (await Client.GetJsonAsync($"/kms/rotation-jobs/{id}")).Text("state").Should().Be("SCHEDULED");
    }

    /// <summary>A-13: the list has filters and pages, newest first.</summary>
    [Fact]
    public async Task Jobs_are_listed_by_filter_and_page()
    {
        List<string> ids = [];
        for (int i = 0; i < 5; i++)
        {
            await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = $"k{i}", name = $"n{i}" });
            ids.Add((await Client.ScheduleAsync($"k{i}", App.InHours(i + 1))).Text("id"));
        }

        await CancelAsync(Client, ids[1]);
        (await App.RotateDueAsync(TimeSpan.FromHours(1))).Should().Be(1);

        (await ListAsync("")).Should().Equal(Enumerable.Reverse(ids));
        (await ListAsync("state=SCHEDULED")).Should().Equal(ids[4], ids[3], ids[2]);
        (await ListAsync("state=SUCCEEDED")).Should().Equal(ids[0]);
        (await ListAsync("kid=k1")).Should().Equal(ids[1]);
        (await ListAsync("name=n3&state=SCHEDULED")).Should().Equal(ids[3]);
        (await ListAsync("kid=k1&state=FAILED")).Should().BeEmpty();
        (await WalkAsync(2)).Should().Equal(Enumerable.Reverse(ids));
        foreach ((string query, string field) in new[]
        {
            ("state=scheduled", "state"), ("kid=a..b", "kid"), ("limit=0", "limit"), ("limit=1001", "limit"), ("cursor=x", "cursor"),
            ("name=a//b", "name"), ("status=SCHEDULED", "status"),
        })
        {
            (await Client.GetJsonAsync($"/kms/rotation-jobs?{query}")).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001")
                .Blamed.Should().Equal([field], query);
        }
    }

    /// <summary>A-07: revoking a key with a waiting job, or ordering its destruction, cancels the job with that reason.</summary>
    [Theory]
    [InlineData("revoke", "The key was revoked.")]
    [InlineData("destroy", "The destruction of the key was ordered.")]
    public async Task The_end_of_a_key_cancels_its_job(string end, string reason)
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });
        await Client.RetireAsync(1, KeyUseVerbs.Aes, new { allow_no_active = true });
        string id = (await Client.ScheduleAsync("one", App.InHours(1))).Text("id");

        Answer ended = end == "revoke" ? await Client.RevokeAsync("one", """{"reason":"lost"}""") : await Client.DestroyAsync("one");

        ended.Status.Should().BeOneOf(HttpStatusCode.NoContent, HttpStatusCode.Accepted);
        Answer job = await Client.GetJsonAsync($"/kms/rotation-jobs/{id}");
        job.Text("state").Should().Be("CANCELLED");
        job.Text("reason").Should().Be(reason);
        App.EventsOf("one").Should().Contain($"rotation.cancelled SCHEDULED CANCELLED job {id}: {reason}");
        (await App.RotateDueAsync(TimeSpan.FromHours(2))).Should().Be(0);
    }

    /// <summary>
    /// A-13: a job for a version that is rotated by hand, or past which its key goes on, is over at once: it does not wait for its time.
    /// </summary>
    [Theory]
    [InlineData("by kid", "The key was rotated: 'two' replaced it.")]
    [InlineData("by name", "The key was rotated: ")]
    [InlineData("to another algorithm", "The key was rotated: 'two' replaced it.")]
    [InlineData("by generating the next", "A newer version of the key was generated.")]
    [InlineData("from another algorithm", "A newer version of the key was generated.")]
    public async Task What_is_rotated_by_hand_cancels_its_job(string how, string reason)
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });
        string id = (await Client.ScheduleAsync("one", App.InHours(1))).Text("id");

        Answer rotated = await RotateByHandAsync(how);

        ((int)rotated.Status).Should().BeLessThan(300, rotated.Body);
        Answer job = await Client.GetJsonAsync($"/kms/rotation-jobs/{id}");
        job.Text("state").Should().Be("CANCELLED");
        job.Text("reason").Should().StartWith(reason);
        job.Text("finished_at").Should().NotBeEmpty();
        App.EventsOf("one").Should().ContainSingle(line =>
            line.StartsWith($"rotation.cancelled SCHEDULED CANCELLED job {id}: {reason}", StringComparison.Ordinal));
        int versions = (await Client.GetJsonAsync("/kms/keys")).Number("total");
        (await App.RotateDueAsync(TimeSpan.FromHours(2))).Should().Be(0);
        (await Client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(versions);
    }

    private async Task<Answer> RotateByHandAsync(string how)
    {
        switch (how)
        {
            case "by kid":
                return await Client.RotateVersionAsync("one", """{"new_key":{"kid":"two"}}""");

            case "by name":
                return await Client.PostJsonAsync("/kms/keys/rotate", """{"algorithm":"AES-256"}""");

            case "to another algorithm":
                return await Client.RotateVersionAsync(
                    "one", """{"new_key":{"kid":"two","algorithm":"ML-KEM-768"},"allow_algorithm_change":true}""");

            case "by generating the next":
                await Client.RetireAsync(1, KeyUseVerbs.Aes, new { allow_no_active = true });
                return await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "two" });

            default:
                await Client.RetireAsync(1, KeyUseVerbs.Aes, new { allow_no_active = true });
                await Client.GenerateAsync("ML-KEM-768", new { kid = "other" });
                return await Client.RotateVersionAsync(
                    "other", """{"new_key":{"kid":"two","algorithm":"AES-256"},"allow_algorithm_change":true}""");
        }
    }

    /// <summary>A-13: of two jobs for one version, one asked for and one of the service's own, the first that is done ends both.</summary>
    [Fact]
    public async Task A_job_that_is_done_cancels_the_other_of_its_version()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one", rotation_period = 1 });
        string id = (await Client.ScheduleAsync("one", App.InHours(48))).Text("id");

        (await App.RotateDueAsync(TimeSpan.FromHours(24))).Should().Be(1);

        Answer[] jobs = [.. (await ListAsync("kid=one")).Select(job => Client.GetJsonAsync($"/kms/rotation-jobs/{job}").Result)];
        jobs.Select(job => job.Text("cause") + " " + job.Text("state")).Should().Equal("period SUCCEEDED", "request CANCELLED");
        jobs[1].Text("id").Should().Be(id);
    }

    /// <summary>A-13, A-30: a kid that two tenants have is two versions: what becomes of one leaves the other's jobs alone.</summary>
    [Fact]
    public async Task A_kid_of_two_tenants_has_jobs_of_each()
    {
        HttpClient other = App.ClientFor(await App.CreateTenantAsync("other"));
        foreach ((HttpClient client, int hours) in new[] { (Client, 1), (other, 2) })
        {
            DateTimeOffset soft = App.Time.GetUtcNow().AddHours(hours);
            await client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one", auto_rotate = true, soft_limit_expiration = soft });
            await client.ScheduleAsync("one", App.InHours(5));
        }

        (await App.RotateDueAsync(TimeSpan.FromHours(1))).Should().Be(1);

        (await StatesAsync(Client)).Should().Equal("SUCCEEDED", "CANCELLED");
        (await StatesAsync(other)).Should().Equal("SCHEDULED");

        // The other's, and the successor of ours, which has its own soft expiration an hour after it was made.
        (await App.RotateDueAsync(TimeSpan.FromHours(1))).Should().Be(2);
        (await StatesAsync(other)).Should().Equal("SUCCEEDED", "CANCELLED");

        async Task<IEnumerable<string>> StatesAsync(HttpClient client) =>
            (await client.GetJsonAsync("/kms/rotation-jobs?kid=one")).Data["jobs"]!.AsArray().Select(job => (string)job!["state"]!);
    }

    /// <summary>A-07, A-13: a revoke and a scheduling at the same time never leave a revoked key with a job that waits.</summary>
    [Fact]
    public async Task A_revoked_key_has_no_waiting_job()
    {
        for (int round = 0; round < 20; round++)
        {
            string kid = $"k{round}";
            await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid, name = kid });
            string body = $$"""{"scheduled_at":"{{App.InHours(1)}}"}""";
            Task<Answer> scheduling = Task.Run(() => Client.RotateVersionAsync(kid, body));
            Task<Answer> revoking = Task.Run(() => Client.RevokeAsync(kid));

            (await revoking).ShouldBe(HttpStatusCode.NoContent);
            (await scheduling).Status.Should().BeOneOf(HttpStatusCode.Accepted, HttpStatusCode.Conflict);
            (await Client.GetJsonAsync($"/kms/rotation-jobs?kid={kid}&state=SCHEDULED")).Data["jobs"]!.AsArray().Should().BeEmpty();
        }
    }

    /// <summary>A-13: the order is repeated once, also when its time has passed meanwhile.</summary>
    [Fact]
    public async Task A_repeated_order_is_the_same_job()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });
        string body = $$"""{"scheduled_at":"{{App.InHours(1)}}"}""";
        Answer first = (await Client.PostOnceAsync("once", "/kms/keys/one/rotations", body)).ShouldBe(HttpStatusCode.Accepted);
        (await App.RotateDueAsync(TimeSpan.FromHours(2))).Should().Be(1);

        Answer again = (await Client.PostOnceAsync("once", "/kms/keys/one/rotations", body)).ShouldBe(HttpStatusCode.Accepted);

        again.Data.ToJsonString().Should().Be(first.Data.ToJsonString());
        again.Headers["Location"].Should().Be(first.Headers["Location"]);
        (await Client.GetJsonAsync("/kms/rotation-jobs")).Data["jobs"]!.AsArray().Should().ContainSingle();
    }

    private static Task<Answer> CancelAsync(HttpClient client, string id, string? body = null) =>
        client.SendJsonAsync(HttpMethod.Delete, $"/kms/rotation-jobs/{id}", body);

    private async Task<IEnumerable<string>> ListAsync(string query) => IdsOf(await Client.GetJsonAsync($"/kms/rotation-jobs?{query}"));

    private async Task<List<string>> WalkAsync(int limit)
    {
        List<string> ids = [];
        string? cursor = null;
        do
        {
            string more = cursor is null ? "" : $"&cursor={cursor}";
            Answer page = await Client.GetJsonAsync(string.Create(CultureInfo.InvariantCulture, $"/kms/rotation-jobs?limit={limit}{more}"));
            ids.AddRange(IdsOf(page));
            cursor = (string?)page.Data["next_cursor"];
        }
        while (cursor is not null);

        return ids;
    }

    private static IEnumerable<string> IdsOf(Answer page) =>
        page.ShouldBe(HttpStatusCode.OK).Data["jobs"]!.AsArray().Select(job => (string)job!["id"]!);
}
