using Qkms.Tests.Nodes;
using Qkms.Tests.Storage;
using Qkms.Tests.Support.Proxy;

namespace Qkms.Tests.Freshness;

/// <summary>The contract of freshness on PostgreSQL.</summary>
[NeedsPostgres]
public sealed class PostgresServiceFreshnessTests : ServiceFreshnessContract
{
    private protected override Subject Start()
    {
        NodeBehindProxy node = new(ManualTime.Standing(), records: false, patience: PostgresPatience.Long);
        return new Subject(
            node.Node,
            () => node.Proxy.Become(ProxyWay.Closed),
            () => node.Proxy.Become(ProxyWay.Open),
            () => node.DisposeAsync().AsTask());
    }
}
