namespace Qkms.Core.Keys;

/// <summary>A member of a request that may be absent, and then changes nothing; null is a value and removes what there is.</summary>
/// <param name="IsGiven">Whether the request has it.</param>
/// <param name="Value">Its value.</param>
internal readonly record struct Given<T>(bool IsGiven, T? Value)
    where T : struct
{
    /// <summary>Its value, or what stands there already.</summary>
    public T? Or(T? present) => IsGiven ? Value : present;
}
