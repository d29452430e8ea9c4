namespace Qkms.Tests.Support.Proxy;

/// <summary>What becomes of a commit that passes a <see cref="PostgresProxy"/>.</summary>
internal enum CommitFate
{
    /// <summary>It is executed and answered.</summary>
    Pass,

    /// <summary>It does not reach the server, and the connection breaks.</summary>
    CutBefore,

    /// <summary>The server has executed it; the connection breaks before its answer arrives.</summary>
    CutAfter,

    /// <summary>It reaches the server only when the node has given the connection up: while it asks what became of it, or later.</summary>
    ArriveLate,

    /// <summary>It never reaches the server, and neither end is told.</summary>
    GetLost,

    /// <summary>The server has executed it; its answer is lost, and neither end is told.</summary>
    LoseAnswer,
}

/// <summary>A fate, and how connections are treated once it is fulfilled.</summary>
internal readonly record struct CommitOrder(CommitFate Fate, ProxyWay Then = ProxyWay.Open);
