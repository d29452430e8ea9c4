using Qkms.Core.Journal;
using Qkms.Core.Sealing;

namespace Qkms.Core.Verification;

/// <summary>Checks the events of one stream in their order. It keeps the last one only.</summary>
/// <param name="name">How findings name the stream.</param>
/// <param name="stream">Its row, if there is one that holds.</param>
/// <param name="findKey">Finds a journal key by its id.</param>
/// <param name="found">Takes what does not hold.</param>
internal sealed class StreamVerifier(string name, JournalStream stream, Func<Guid, WrappingKey?> findKey, Action<string> found)
{
    private readonly CanonicalWriter _writer = new(JournalChain.Format);
    private long _expected = stream.FirstPosition;
    private byte[] _previous = stream.FirstPreviousHash;
    private bool _previousHolds = true;

    // What the newest event of a trimming says was removed last; nothing was, where there is none.
    private string? _trimmed;

    /// <summary>Checks the next event; whether it is one that Qkms wrote, at its place.</summary>
    public bool Add(StoredEvent stored)
    {
        ChainedEvent chained = stored.Chained;
        long position = chained.Position;
        if (position < stream.FirstPosition)
            return Wrong($"{At(position)} is one that was trimmed, and is there again");

        if (position > stream.NextPosition - 1)
            return Wrong($"{At(position)} is behind the head of the stream: the row of the stream was put back, or the event inserted");

        if (position > _expected)
        {
            found(position - 1 == _expected
                ? $"{At(_expected)} is missing"
                : $"{name}, positions {_expected} to {position - 1} are missing");
            _previousHolds = false;
        }

        byte[] leaf = JournalChain.LeafHash(_writer, stream, stored);
        bool isGenuine = JournalChain.Holds(stored, leaf, findKey);
        if (!isGenuine)
            found($"{At(position)} ({chained.Event.Action}) was edited, or inserted by somebody without the journal key");
        else if (_previousHolds && !chained.PreviousHash.AsSpan().SequenceEqual(_previous))
            found($"{At(position)} ({chained.Event.Action}) does not follow the event before it: one of them was put back or exchanged");

        if (isGenuine && chained.Event.Action == JournalActions.Trimmed)
            _trimmed = chained.Event.Reason;

        (_expected, _previous, _previousHolds) = (position + 1, leaf, isGenuine);
        return isGenuine;
    }

    /// <summary>Checks that the last event is the head, and that what is not kept was trimmed.</summary>
    public void End()
    {
        string? removed = stream.FirstPosition == 0 ? null : TrimReason.Describe(stream.FirstPosition - 1, stream.FirstPreviousHash);
        if (removed != _trimmed)
        {
            found($"{name} begins with position {stream.FirstPosition}, and its newest event of a trimming says that it was trimmed "
                + (_trimmed ?? "nowhere"));
        }

        if (_expected < stream.NextPosition)
            found($"{name} was cut off: positions {_expected} to {stream.NextPosition - 1} are missing");
        else if (_previousHolds && !_previous.AsSpan().SequenceEqual(stream.HeadHash))
            found($"{name}: the last event is not the one that the row of the stream names");
    }

    private string At(long position) => $"{name}, position {position}";

    private bool Wrong(string what)
    {
        found(what);
        return false;
    }
}
