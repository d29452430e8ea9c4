using Qkms.Core.Algorithms;
using Qkms.Core.Callers;

namespace Qkms.Core.Keys;

/// <summary>Notes for the log of requests which key a request is about.</summary>
internal static class KeyTouches
{
    /// <summary>A version was found.</summary>
    public static void Touch(this Caller caller, KeyVersion version) =>
        caller.Touched = new TouchedKey(version.Kid, version.Algorithm.Name, version.Use.ToWire());

    /// <summary>A key is looked for.</summary>
    /// <param name="caller">Who looks.</param>
    /// <param name="algorithm">Its algorithm.</param>
    /// <param name="use">Its use, where it is settled.</param>
    public static void Touch(this Caller caller, KeyAlgorithm algorithm, KeyUse? use) =>
        caller.Touched = new TouchedKey(null, algorithm.Name, use?.ToWire());
}
