namespace Qkms.Tests.Support.Proxy;

/// <summary>Recognizes the commit among the messages of one connection, prepared or not.</summary>
internal sealed class CommitWatch
{
    private const string Commit = "COMMIT";

    private const string Begin = "BEGIN";

    // Names are used again.
    private readonly Dictionary<string, string> _statements = [];
    private readonly Dictionary<string, string> _portals = [];

    /// <summary>What was executed on the connection since the last transaction began.</summary>
    public StringBuilder Transaction { get; } = new();

    /// <summary>Whether this message of the client makes the server commit.</summary>
    public bool IsCommit(ReadOnlyMemory<byte> message)
    {
        ReadOnlySpan<byte> rest = Body(message);
        switch ((char)message.Span[0])
        {
            case 'Q':
                return Execute(Text(ref rest));

            case 'P':
                _statements[Text(ref rest)] = Text(ref rest);
                return false;

            case 'B':
                _portals[Text(ref rest)] = _statements.GetValueOrDefault(Text(ref rest), "");
                return false;

            case 'E':
                return Execute(_portals.GetValueOrDefault(Text(ref rest), ""));

            default:
                return false;
        }
    }

    /// <summary>Whether this message of the server says that it has committed.</summary>
    public static bool SaysCommitted(ReadOnlyMemory<byte> message)
    {
        ReadOnlySpan<byte> rest = Body(message);
        return message.Span[0] == 'C' && Text(ref rest) == Commit;
    }

    /// <summary>Whether this message of the server is its last one until it is asked something.</summary>
    public static bool EndsAnswer(ReadOnlyMemory<byte> message) => message.Span[0] == 'Z';

    private static ReadOnlySpan<byte> Body(ReadOnlyMemory<byte> message) => message.Span[Math.Min(message.Length, 1 + sizeof(int))..];

    private bool Execute(string statement)
    {
        if (statement.StartsWith(Begin, StringComparison.Ordinal))
            Transaction.Clear();

        Transaction.AppendLine(statement);
        return statement == Commit;
    }

    /// <summary>Takes a text that a zero byte ends.</summary>
    private static string Text(ref ReadOnlySpan<byte> rest)
    {
        int end = rest.IndexOf((byte)0);
        string text = Encoding.UTF8.GetString(rest[..Math.Max(end, 0)]).Trim();
        rest = rest[(end + 1)..];
        return text;
    }
}
