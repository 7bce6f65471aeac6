/**
 * `heddle lab`: a fabric of real Open vSwitch nodes on this machine. Apart from the other commands, which are clients of a
 * controller: this one works on the machine itself, and there is one only once a lab has a controller to talk to.
 */
