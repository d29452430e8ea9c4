namespace Qkms.Core.Journal;

/// <summary>What the journal holds of the uses of keys, and under whose name.</summary>
internal sealed record AuditOptions
{
    /// <summary>The longest name of a node, in characters.</summary>
    public const int MaxNodeLength = 64;

    /// <summary>
    /// The name of this node: it adds its uses to a stream of that name. Nodes of one name add to one stream, one after the other.
    /// </summary>
    public string Node { get; init; } =
        Environment.MachineName.Length <= MaxNodeLength ? Environment.MachineName : Environment.MachineName[..MaxNodeLength];

    /// <summary>How long uses are kept: 90 days by default. Then the oldest of a stream are removed.</summary>
    public TimeSpan KeepUses { get; init; } = TimeSpan.FromDays(90);
}
