namespace Qkms.Tests.Support.Proxy;

/// <summary>Recognizes the commit among the messages of one connection, prepared or not.</summary>
internal sealed class CommitWatch
{
    private const string Commit = "COMMIT";

    private readonly HashSet<string> _statements = [];
    private readonly HashSet<string> _portals = [];

    /// <summary>Whether this message of the client makes the server commit.</summary>
    public bool IsCommit(ReadOnlyMemory<byte> message)
    {
        ReadOnlySpan<byte> rest = Body(message);
        switch ((char)message.Span[0])
        {
            case 'Q':
                return Text(ref rest) == Commit;

            case 'P':
                Note(_statements, Text(ref rest), Text(ref rest) == Commit);
                return false;

            case 'B':
                Note(_portals, Text(ref rest), _statements.Contains(Text(ref rest)));
                return false;

            case 'E':
                return _portals.Contains(Text(ref rest));

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

    // Names are used again.
    private static void Note(HashSet<string> names, string name, bool commits)
    {
        if (commits)
            names.Add(name);
        else
            names.Remove(name);
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
