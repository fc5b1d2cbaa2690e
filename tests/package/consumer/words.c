// A library that a kernel links.
const char *words(void);

const char *words(void)
{
    return "with_library\n";
}
