namespace Qkms.Core.Journal;

/// <summary>What the journal holds of the uses of keys, and under whose name.</summary>
internal sealed record AuditOptions
{
    /// <summary>The longest name of a node, in characters.</summary>
    public const int MaxNodeLength = 64;

    /// <summary>
    /// Whether every use is counted and journalled before its answer leaves; else only those of versions with a usage limit, whose count
    /// has to be exact.
    /// </summary>
    public bool RecordsEveryUse { get; init; } = true;

    /// <summary>
    /// The name of this node: it adds its uses to a stream of that name. Nodes of one name add to one stream, one after the other.
    /// </summary>
    public string Node { get; init; } =
        Environment.MachineName.Length <= MaxNodeLength ? Environment.MachineName : Environment.MachineName[..MaxNodeLength];

    /// <summary>How long uses are kept: 90 days by default. Then the oldest of a stream are removed.</summary>
    public TimeSpan KeepUses { get; init; } = TimeSpan.FromDays(90);

    /// <summary>Whether a text can be the name of a node: 1 to 64 letters, digits, <c>.</c>, <c>_</c>, <c>:</c> and <c>-</c>.</summary>
    public static bool IsNode(string text) =>
        text.Length is > 0 and <= MaxNodeLength && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or ':' or '-');
}
