using System.Diagnostics.Metrics;
using Qkms.Api.Hosting;
using Qkms.Core.Telemetry;

namespace Qkms.Tests.Integrity;

/// <summary>V-01 over HTTP: two implementations that do not agree are a 500, an alarm, and no key.</summary>
public sealed class EngineFaultTests
{
    [Theory]
    [InlineData("ML-KEM-768", nameof(WrongEngine.Fault.Derivation))]
    [InlineData("ML-KEM-768", nameof(WrongEngine.Fault.Failure))]
    [InlineData("ML-DSA-65", nameof(WrongEngine.Fault.Use))]
    public async Task Key_on_which_implementations_do_not_agree_is_not_stored(string algorithm, string fault)
    {
        WrongEngine wrong = new(algorithm, Enum.Parse<WrongEngine.Fault>(fault)) { IsFaulty = false };
        await using QkmsApplication app = new()
        {
            FurtherServices = services =>
                services.AddSingleton(provider => new SecondOpinion(provider.GetRequiredService<PqcEngine>(), [wrong])),
        };
        using HttpClient client = app.Client();
        string kid = (await client.GenerateAsync(algorithm)).Text("kid");
        long alarms = 0;
        using MeterListener listener = Listen(() => Interlocked.Increment(ref alarms));

        wrong.IsFaulty = true;
        (await client.PostJsonAsync("/kms/keys/generate", $$"""{"algorithm":"{{algorithm}}","name":"other"}"""))
            .ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        (await client.PostJsonAsync("/kms/keys/rotate", $$"""{"algorithm":"{{algorithm}}"}"""))
            .ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001")
                .Body.Should().NotContain("wrong", "callers learn nothing of the implementations");

        (await client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK).Data["keys"]!.AsArray().Select(key => (string)key!["kid"]!)
            .Should().Equal([kid], "nothing was stored");
        app.Log.Lines.Should().Contain(line => line.StartsWith("Critical", StringComparison.Ordinal)
            && line.Contains($"{algorithm} by 'bouncycastle' and 'wrong'", StringComparison.Ordinal));
        Interlocked.Read(ref alarms).Should().BeGreaterThanOrEqualTo(2);
        using (Database database = app.OpenDatabase())
            database.Scalar("SELECT COUNT(*) FROM audit_events WHERE action = 'engine.failed'").Should().Be(1L, "the journal says it once");

        wrong.IsFaulty = false;
        await client.RotateAsync(algorithm);
    }

    [Fact]
    public async Task Start_is_refused_in_one_line()
    {
        (await StartFailures.ExplainAsync(() =>
        {
            new SecondOpinion(PqcEngines.Select(PqcEngines.BouncyCastle), [new WrongEngine("ML-DSA-87")]).Compare();
            return Task.CompletedTask;
        })).Should().Be(1);
    }

    private static MeterListener Listen(Action alarm)
    {
        MeterListener listener = new()
        {
            InstrumentPublished = (published, self) =>
            {
                if (published == KmsMeter.IntegrityAlarms)
                    self.EnableMeasurementEvents(published);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, labels, _) =>
        {
            if (labels.Contains(KeyValuePair.Create<string, object?>(KmsMeter.IntegrityKindLabel, IntegrityKinds.Engine)))
                alarm();
        });
        listener.Start();
        return listener;
    }
}
