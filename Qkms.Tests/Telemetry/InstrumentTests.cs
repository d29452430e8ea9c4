using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Qkms.Api.Http;
using Qkms.Core.Diagnosis;
using Qkms.Core.Journal;
using Qkms.Core.Telemetry;
using Qkms.Core.Uses;
using Qkms.Storage.Telemetry;
using Qkms.Tests.Rotations;
using Qkms.Tests.Tenants;

namespace Qkms.Tests.Telemetry;

/// <summary>The instruments: the page tells the truth about them, and they count what they say.</summary>
[Collection(TelemetryCollection.Name)]
public sealed class InstrumentTests
{
    [Fact]
    public void The_page_has_every_instrument_with_its_kind_unit_and_meaning()
    {
        RuntimeHelpers.RunClassConstructor(typeof(KmsMeter).TypeHandle);
        RuntimeHelpers.RunClassConstructor(typeof(StorageMeter).TypeHandle);
        RuntimeHelpers.RunClassConstructor(typeof(RateLimitMetrics).TypeHandle);
        List<string> published = [];
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == KmsMeter.Name)
                published.Add($"{instrument.Name} | {KindOf(instrument)} | {instrument.Unit} | {instrument.Description}");
        };
        listener.Start();

        published.Should().HaveCountGreaterThan(8).And.OnlyHaveUniqueItems();
        ObservabilityPage.Instruments.Select(row => $"{row.Name} | {row.Kind} | {row.Unit} | {row.Meaning}")
            .Should().BeEquivalentTo(published);
    }

    [Fact]
    public void The_page_names_every_span_outcome_and_operation()
    {
        string[] words = [.. new[] { typeof(KmsActivities), typeof(Outcomes), typeof(OperationNames), typeof(IntegrityKinds) }
            .SelectMany(type => type.GetFields()).Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!)];

        words.Concat(Enum.GetValues<KeyOperation>().Select(OperationNames.Of))
            .Append(StorageMeter.SqliteRead)
            .Append(StorageMeter.SqliteWrite)
            .Should().OnlyContain(word => ObservabilityPage.Text.Contains($"`{word}`", StringComparison.Ordinal));
    }

    /// <summary>14.1: a tenant that is due and cannot be deleted is counted until it is.</summary>
    [Fact]
    public async Task Tenants_whose_deletion_is_overdue_are_counted()
    {
        TelemetryRecorder recorder = new();

        // A look of its own, begun before this one, could say last that there were none.
        await using QkmsApplication app = recorder.Start(keepsHouse: false);
        using HttpClient client = app.KestrelClient();
        string id = (await client.CreateTenantAsync("overdue")).Text("tenant_id");
        (await client.DeleteTenantAsync(id)).ShouldBe(HttpStatusCode.Accepted);
        string key = $"tenant_id = {TenantDeletionVerbs.Stored(id)}";
        byte[] wrapped;
        using (Database database = app.OpenDatabase())
        {
            wrapped = database.Bytes($"SELECT wrapped FROM keyring WHERE {key}").Single();
            database.Execute($"UPDATE keyring SET wrapped = @Wrapped WHERE {key}", ("@Wrapped", new byte[wrapped.Length])).Should().Be(1);
        }

        (await app.DeleteDueAsync(TenantDeletionVerbs.Week)).Should().Be(0);
        Overdue().Should().Be(1);

        using (Database database = app.OpenDatabase())
            database.Execute($"UPDATE keyring SET wrapped = @Wrapped WHERE {key}", ("@Wrapped", wrapped)).Should().Be(1);

        (await app.DeleteDueAsync(TimeSpan.Zero)).Should().Be(1);
        Overdue().Should().Be(0);

        double Overdue() => recorder.Collect().Single(series => series.Instrument == "qkms.tenants.overdue").Value;
    }

    /// <summary>Issue 16, 3: what <c>qkms doctor</c> looks at is exported; the root key of this service is beside its data.</summary>
    [Fact]
    public async Task What_the_doctor_looks_at_is_exported_for_each_check()
    {
        TelemetryRecorder recorder = new();
        await using QkmsApplication app = recorder.Start();
        using HttpClient client = app.KestrelClient();

        await Eventually.HoldsAsync(() => Task.FromResult(Severities().Count == Checks.All.Count));

        Severities().Keys.Should().BeEquivalentTo(Checks.All);
        Severities()[Checks.RootKey].Should().Be(1);
        Severities()[Checks.Database].Should().Be(0);

        Dictionary<string, double> Severities() => recorder.Collect()
            .Where(series => series.Instrument == "qkms.doctor.severity")
            .ToDictionary(series => series.Labels["qkms.doctor.check"], series => series.Value);
    }

    [Fact]
    public async Task Operations_are_counted_by_name_algorithm_and_outcome()
    {
        TelemetryRecorder recorder = new();
        await using QkmsApplication app = recorder.Start();
        using HttpClient client = app.KestrelClient();
        string kid = (await client.GenerateAsync("AES-256")).Text("kid");
        await client.GenerateAsync("ML-KEM-768");
        await client.GenerateAsync("ML-DSA-44");
        byte[] bytes = new byte[32];
        Answer encrypted = await client.MustUseAsync("/crypto/encrypt", new { plaintext = bytes });
        await client.MustUseAsync("/crypto/encrypt", new { items = new[] { new { plaintext = bytes }, new { plaintext = bytes } } });
        await client.MustUseAsync("/crypto/decrypt", new { ciphertext = encrypted.Bytes("ciphertext") });
        await client.UseAsync("/crypto/decrypt", new { ciphertext = bytes, algorithm = "AES-256" });
        await client.UseAsync("/crypto/decrypt", new { ciphertext = encrypted.Bytes("ciphertext"), context = new { a = "b" } });
        await client.MustUseAsync("/data-keys/generate", new { });
        Answer sent = await client.MustUseAsync("/kem/encapsulate", new { });
        await client.MustUseAsync("/kem/decapsulate", new { kem_ciphertext = sent.Bytes("kem_ciphertext") });
        Answer signature = await client.MustUseAsync("/signature/sign", new { message = bytes, algorithm = "ML-DSA-44" });
        await client.MustUseAsync(
            "/signature/verify", new { message = new byte[1], algorithm = "ML-DSA-44", signature = signature.Bytes("signature") });
        (await client.RevokeAsync(kid)).ShouldBe(HttpStatusCode.NoContent);
        (await client.UseAsync("/crypto/encrypt", new { kid, plaintext = bytes })).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
        (await client.RevokeAsync("nobody")).ShouldBe(HttpStatusCode.NotFound);

        IReadOnlyList<TelemetryRecorder.Series> collected = recorder.Collect();

        Dictionary<string, double> counted = collected.Where(series => series.Instrument == "qkms.operations").ToDictionary(
            series => $"{series.Labels[KmsMeter.OperationLabel]} {series.Labels.GetValueOrDefault(KmsMeter.AlgorithmLabel, "-")} "
                + $"{series.Labels[KmsMeter.OutcomeLabel]}",
            series => series.Value);
        counted.Should().BeEquivalentTo(new Dictionary<string, double>
        {
            ["generate_key AES-256 ok"] = 1,
            ["generate_key ML-KEM-768 ok"] = 1,
            ["generate_key ML-DSA-44 ok"] = 1,
            ["encrypt AES-256 ok"] = 3,
            ["decrypt AES-256 ok"] = 1,
            ["decrypt AES-256 refused"] = 2,
            ["generate_data_key AES-256 ok"] = 1,
            ["encapsulate ML-KEM-768 ok"] = 1,
            ["decapsulate ML-KEM-768 ok"] = 1,
            ["sign ML-DSA-44 ok"] = 1,
            ["verify ML-DSA-44 ok"] = 1,
            ["revoke_key - ok"] = 1,
            ["encrypt - refused"] = 1,
            ["revoke_key - refused"] = 1,
        });
        collected.Where(series => series.Instrument == "qkms.operation.duration").Sum(series => series.Value)
            .Should().Be(counted.Values.Sum());

        Sum(collected, "qkms.refusals", KmsMeter.ErrorCodeLabel, "ERR_KMS_006").Should().Be(1);
        Sum(collected, "qkms.refusals", KmsMeter.ErrorCodeLabel, "ERR_KEM_001").Should().Be(2);
        Sum(collected, "qkms.material_cache.requests", KmsMeter.CacheResultLabel, "miss").Should().Be(3);
        Sum(collected, "qkms.material_cache.requests", KmsMeter.CacheResultLabel, "hit").Should().Be(6);
        Sum(collected, "qkms.material_cache.evictions", KmsMeter.EvictionReasonLabel, "withdrawn").Should().Be(1);
    }

    [FactIf(Requirement.Sqlite)]
    public async Task The_writer_of_sqlite_tells_its_queue_and_its_batches()
    {
        TelemetryRecorder recorder = new();
        await using QkmsApplication app = recorder.Start(keepsHouse: false);
        using HttpClient client = app.KestrelClient();
        await app.LeaveDueWorkAsync();
        int names = 0;

        // Once more where another service of this process, that of other tests, has written meanwhile: it is measured too.
        await Eventually.HoldsAsync(async () =>
        {
            double before = await SettledBatchesAsync();
            await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => client.GenerateAsync("AES-256", new { name = $"k{names++}" })));
            return await SettledBatchesAsync() - before is >= 1 and <= 8;
        });

        // A write is answered before its batch is measured.
        async Task<double> SettledBatchesAsync()
        {
            double batches = 0;
            await Eventually.HoldsAsync(() =>
            {
                ILookup<string, double> values = recorder.Collect().ToLookup(series => series.Instrument, series => series.Value);
                batches = values["qkms.sqlite.batch.size"].SingleOrDefault();
                return Task.FromResult(values["qkms.sqlite.queue.length"].SingleOrDefault() == 0
                    && values["qkms.sqlite.batch.duration"].SingleOrDefault() == batches);
            });
            return batches;
        }
    }

    [Fact]
    public async Task Tenants_are_told_apart_only_when_the_setting_says_so()
    {
        foreach (bool isOn in new[] { false, true })
        {
            TelemetryRecorder recorder = new();
            await using QkmsApplication app = recorder.Start(isOn);
            using HttpClient client = app.KestrelClient();
            await client.GenerateAsync("AES-256");

            recorder.Collect().Where(
                series => series.Labels.ContainsKey(KmsMeter.TenantLabel)).Select(series => series.Instrument).Distinct()
                .Should().Equal(isOn ? ["qkms.operations"] : Array.Empty<string>());
        }
    }

    [Fact]
    public async Task An_alarm_is_counted_by_its_kind()
    {
        TelemetryRecorder recorder = new();
        await using QkmsApplication app = recorder.Start();

        await app.Services.GetRequiredService<IntegrityAlarm>().RaiseAsync(caller: null, "a row");

        Sum(recorder.Collect(), "qkms.integrity.alarms", KmsMeter.IntegrityKindLabel, IntegrityKinds.Seal).Should().Be(1);
    }

    /// <summary>A-13: an operator sees how many rotations wait, and that one failed.</summary>
    [Fact]
    public async Task Rotation_jobs_are_counted_by_how_they_ended_and_those_that_wait()
    {
        TelemetryRecorder recorder = new();
        await using QkmsApplication app = recorder.Start();
        using HttpClient client = app.KestrelClient();
        for (int i = 0; i < 5; i++)
        {
            await client.GenerateAsync("AES-256", new { kid = $"k{i}", name = $"k{i}" });
            await client.ScheduleAsync($"k{i}", app.InHours(i < 4 ? 1 : 100), i == 1 ? "{\"kid\":\"taken\"}" : "{}");
        }

        await client.GenerateAsync("AES-256", new { kid = "taken", name = "other" });
        await client.RevokeAsync("k2");
        await client.RotateVersionAsync("k3", "{}");
        (await app.RotateDueAsync(TimeSpan.FromHours(1))).Should().Be(1);
        await app.RotateDueAsync(TimeSpan.Zero);

        IReadOnlyList<TelemetryRecorder.Series> collected = recorder.Collect();
        collected.Where(series => series.Instrument == "qkms.rotation_jobs")
            .ToDictionary(series => series.Labels[KmsMeter.RotationJobStateLabel], series => series.Value)
            .Should().Equal(new Dictionary<string, double> { ["SUCCEEDED"] = 1, ["FAILED"] = 1, ["CANCELLED"] = 2 });
        collected.Single(series => series.Instrument == "qkms.rotation_jobs.waiting").Value.Should().Be(1);
    }

    private static double Sum(IReadOnlyList<TelemetryRecorder.Series> collected, string instrument, string label, string value) =>
        collected.Where(series => series.Instrument == instrument && series.Has(label, value)).Sum(series => series.Value);

    private static string KindOf(Instrument instrument) => instrument.GetType().Name.Split('`')[0] switch
    {
        "Counter" => "counter",
        "UpDownCounter" => "up-down-counter",
        "Histogram" => "histogram",
        "Gauge" => "gauge",
        string other => other,
    };
}
