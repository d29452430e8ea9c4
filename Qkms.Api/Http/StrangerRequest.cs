namespace Qkms.Api.Http;

/// <summary>Why a request has no caller, as far as that is known when it is answered.</summary>
internal enum StrangerRequest
{
    /// <summary>It says nothing of who makes it.</summary>
    NoProof,

    /// <summary>It says something, which this installation never issued.</summary>
    NotIssued,

    /// <summary>What it says was looked up, and is unknown, wrong or withdrawn.</summary>
    NotAccepted,

    /// <summary>Its route needs no caller, or it was refused before somebody asked for one.</summary>
    NotAsked,
}
