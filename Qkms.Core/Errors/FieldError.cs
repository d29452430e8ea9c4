namespace Qkms.Core.Errors;

/// <summary>One field of a request and what is wrong with it.</summary>
/// <param name="Field">The field's name as the caller spells it, <c>key_version</c>.</param>
/// <param name="Message">What is wrong, or what belongs to the field.</param>
public sealed record FieldError(string Field, string Message);
