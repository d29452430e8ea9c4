namespace Qkms.Tests.Freshness;

/// <summary>The contract of freshness on SQLite.</summary>
public sealed class SqliteServiceFreshnessTests : ServiceFreshnessContract
{
    private protected override Subject Start()
    {
        StoreThatGoesAway? store = null;
        QkmsApplication service = new()
        {
            Time = ManualTime.Standing(),
            StoreInFront = behind => store = new StoreThatGoesAway(behind),
            Settings = { ["Qkms:Storage:Provider"] = "sqlite", ["Qkms:Audit:Uses"] = "off" },
        };
        return new Subject(service, () => store!.IsGone = true, () => store!.IsGone = false, () => service.DisposeAsync().AsTask());
    }
}
